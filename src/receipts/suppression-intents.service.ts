import { Inject, Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';

import type { AddressFault, SuppressionReason } from '../domain/suppression.js';
import { Gauges } from '../platform/metrics/gauges.js';
import type { SuppressibleChannel } from '../suppressions/suppression.js';
import { Suppressions } from '../suppressions/suppressions.js';

/** What a receipt means for the address itself, whatever becomes of the notification. */
export type SuppressionIntent = {
  channel: SuppressibleChannel;
  /** In its channel's normal form. */
  address: string;
  /** Who says so: `provider <name>`. */
  source: string;
  /** The one that it answers (a UUID). */
  notificationId?: string;
} & SuppressionVerdict;

export type SuppressionVerdict =
  { do: 'suppress'; reason: SuppressionReason; after?: AddressFault['after'] } | { do: 'allow' };

/** What somebody said who now wants to hear from us again. A hard bounce or a complaint is not theirs to take back. */
const TAKEN_BACK: Record<SuppressibleChannel, readonly SuppressionReason[]> = {
  sms: ['stop'],
  email: ['unsubscribe'],
};

/** Brings what receipts say of addresses to the list, in the receipt's own transaction: one is not there without the other. */
@Injectable()
export class SuppressionIntents {
  constructor(
    @Inject(Suppressions) private readonly suppressions: Suppressions,
    @Inject(Gauges) private readonly gauges: Gauges,
  ) {}

  /** In the order in which they were said. */
  async apply(tx: PoolClient, intents: readonly SuppressionIntent[]): Promise<void> {
    for (const intent of intents) {
      await this.applyOne(tx, intent);
      const verdict = intent.do === 'suppress' ? intent.reason : 'start';
      this.gauges.receiptVerdicts.inc({ channel: intent.channel, verdict });
    }
  }

  private async applyOne(tx: PoolClient, intent: SuppressionIntent): Promise<void> {
    const { channel, address, source, notificationId } = intent;
    if (intent.do === 'allow') {
      await this.suppressions.remove(tx, channel, address, TAKEN_BACK[channel]);
    } else {
      const { reason, after } = intent;
      await this.suppressions.add(tx, [{ channel, address, reason, after, source, notificationId }]);
    }
  }
}
