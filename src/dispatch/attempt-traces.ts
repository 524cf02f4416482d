import { createHash } from 'node:crypto';

import { Inject, Injectable } from '@nestjs/common';

import type { Outcome } from '../domain/outcome.js';
import { toPublicId } from '../domain/public-id.js';
import type { Claimed } from '../notifications/claimed.js';
import { partsOf, writeTraceparent } from '../platform/tracing/traceparent.js';
import { type OpenSpan, type SpanFacts, Tracing } from '../platform/tracing/tracing.js';

/** One attempt as a trace shows it. */
export interface AttemptTrace {
  /** Makes the call to the provider; `send` is given what goes along with it. */
  around(send: (traceparent: string | undefined) => Promise<Outcome>): Promise<Outcome>;
  end(outcome: Outcome): void;
}

/**
 * The worker's part of a notification's trace: how long it waited in the outbox and in the queue, the attempt, the call.
 *
 * The span of an attempt is computed from the notification and the attempt's number, so that the next attempt can name it
 * without anything being stored, also when the process that made it died and sent nothing. What was accepted while tracing
 * was off has a trace of its own, under its own id.
 */
@Injectable()
export class AttemptTraces {
  constructor(@Inject(Tracing) private readonly tracing: Tracing) {}

  begin(claimed: Claimed, provider: string): AttemptTrace {
    if (!this.tracing.isOn) return passingOn(claimed.traceparent ?? undefined);
    this.tellWaits(claimed);
    const facts = factsOf(claimed, provider);
    const span = this.tracing.begin({
      name: 'attempt',
      kind: 'consumer',
      ...placeOf(claimed),
      spanId: spanIdOf(claimed.id, claimed.attempt),
      follows: claimed.attempt > 1 ? [attemptBefore(claimed)] : [],
      facts,
    });
    return {
      around: (send) => this.call(send, span, facts),
      end: (outcome) => span.end(endOf(outcome)),
    };
  }

  private async call(
    send: (traceparent: string | undefined) => Promise<Outcome>,
    { traceparent: parent }: OpenSpan,
    facts: SpanFacts,
  ): Promise<Outcome> {
    const span = this.tracing.begin({ name: 'call provider', kind: 'client', parent, facts });
    try {
      const outcome = await send(span.traceparent ?? undefined);
      span.end(endOf(outcome));
      return outcome;
    } catch (error) {
      span.end({ fault: 'provider_bug' });
      throw error;
    }
  }

  /** Told by who claims, because nobody else knows when it ended. */
  private tellWaits(claimed: Claimed): void {
    const { dueAt, publishedAt, claimedAt } = claimed;
    const place = placeOf(claimed);
    const wait = (name: string, startedAt: Date, endedAt: Date): void =>
      this.tracing.begin({ name, kind: 'internal', ...place, startedAt }).end({ endedAt });
    wait('wait in outbox', dueAt, publishedAt);
    wait('wait in queue', publishedAt, claimedAt);
  }
}

const passingOn = (traceparent: string | undefined): AttemptTrace => ({
  around: (send) => send(traceparent),
  end: () => undefined,
});

const placeOf = ({ id, traceparent }: Claimed): { parent: string | null; traceId: string } => ({
  parent: traceparent,
  traceId: ownTraceId(id),
});

const ownTraceId = (id: string): string => id.replaceAll('-', '');

const spanIdOf = (id: string, attempt: number): string =>
  createHash('sha256').update(`${id}:${attempt}`).digest('hex').slice(0, 16);

const attemptBefore = ({ id, attempt, traceparent }: Claimed): string => {
  const { traceId, isSampled } =
    traceparent === null ? { traceId: ownTraceId(id), isSampled: true } : partsOf(traceparent);
  return writeTraceparent(traceId, spanIdOf(id, attempt - 1), isSampled);
};

const factsOf = (claimed: Claimed, provider: string): SpanFacts => ({
  'posthaste.notification': toPublicId('notification', claimed.id),
  'posthaste.type': claimed.type,
  'posthaste.channel': claimed.channel,
  'posthaste.lane': claimed.lane,
  'posthaste.provider': provider,
  'posthaste.attempt': claimed.attempt,
  'posthaste.dispatch': claimed.dispatch,
});

/** Its codes, never what the provider said: that may repeat the recipient. */
const endOf = (outcome: Outcome): { facts: SpanFacts; fault?: string } => {
  const facts = { 'posthaste.outcome': outcome.kind, 'posthaste.code': outcome.code };
  if (outcome.kind === 'taken') return { facts };
  return { facts: { ...facts, 'posthaste.class': outcome.class }, fault: outcome.code };
};
