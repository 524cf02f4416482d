import type { KeyObject } from 'node:crypto';

import { type CallbackRequest, type Dialect, FORGED, headerOf, type Reading, said } from '../dialect.js';
import type { Said } from '../said.js';
import { saidBySendgrid } from './sendgrid-event.js';
import { isSignedBySendgrid } from './sendgrid-signature.js';

/**
 * SendGrid's signed Event Webhook. The timestamp is part of what is signed and not held against a clock: SendGrid repeats
 * for a day what was not taken, and what was taken is known by its key.
 */
export class SendgridDialect implements Dialect {
  constructor(private readonly key: KeyObject) {}

  async read(request: CallbackRequest, now: Date): Promise<Reading> {
    const signature = headerOf(request, 'x-twilio-email-event-webhook-signature');
    const timestamp = headerOf(request, 'x-twilio-email-event-webhook-timestamp');
    if (signature === undefined || timestamp === undefined) return FORGED;
    if (!isSignedBySendgrid(this.key, timestamp, request.body, signature)) return FORGED;
    const events = eventsIn(request.body);
    if (!events) return { is: 'unreadable' };
    return said(
      ...events.map((event) => saidBySendgrid(event, now)).filter((one): one is Said => one !== undefined),
    );
  }
}

function eventsIn(body: Buffer): unknown[] | undefined {
  try {
    const events: unknown = JSON.parse(body.toString('utf8'));
    return Array.isArray(events) ? events : undefined;
  } catch {
    return undefined;
  }
}
