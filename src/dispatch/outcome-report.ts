import { Inject, Injectable } from '@nestjs/common';

import { isOwnType } from '../domain/event-type.js';
import { toPublicId } from '../domain/public-id.js';
import type { Claimed, Hint } from '../notifications/claimed.js';
import type { AttemptRecord } from '../notifications/notifications.repository.js';
import { DatabaseClock } from '../platform/clock/database-clock.js';
import { Log } from '../platform/logging/log.js';
import { Gauges } from '../platform/metrics/gauges.js';
import { traceIdOf } from '../platform/tracing/traceparent.js';
import { CallTally } from './call-tally.js';

/**
 * What is told of each attempt: one canonical log line, and the metrics. Its codes, and not the provider's words: they may quote
 * content, of which we know no shape. The story tells them to who may read them.
 */
@Injectable()
export class OutcomeReport {
  constructor(
    @Inject(Log) private readonly log: Log,
    @Inject(Gauges) private readonly gauges: Gauges,
    @Inject(DatabaseClock) private readonly clock: DatabaseClock,
    @Inject(CallTally) private readonly tally: CallTally,
  ) {}

  attempted(claimed: Claimed, record: AttemptRecord, provider: string): void {
    const { outcome, next, durationMs } = record;
    const errorClass = outcome.kind === 'taken' ? 'none' : outcome.class;
    const { channel, lane, type } = claimed;
    const waits = waitsOf(claimed);
    const ageMs = this.clock.nowMs() - claimed.createdAt.getTime();
    this.gauges.attempts.inc({ channel, provider, outcome: outcome.kind, class: errorClass });
    this.gauges.attemptSeconds.observe({ channel, provider }, durationMs / 1000);
    this.gauges.settled.inc({ channel, status: next.status });
    this.gauges.outboxWaitSeconds.observe({ channel, lane }, waits.outboxMs / 1000);
    this.gauges.queueWaitSeconds.observe({ channel, lane }, waits.queueMs / 1000);
    this.tally.add(provider, lane, outcome.kind === 'taken', durationMs);
    if (isOwnType(type)) this.gauges.ownEventEnds.inc({ type, status: next.status });
    if (outcome.kind === 'taken') this.gauges.deliverySeconds.observe({ channel, lane }, ageMs / 1000);
    this.log.info('delivery.attempted', {
      id: toPublicId('notification', claimed.id),
      type,
      channel,
      lane,
      provider,
      attempt: claimed.attempt,
      dispatch: claimed.dispatch,
      outcome: outcome.kind,
      class: errorClass,
      code: outcome.code,
      outbox_ms: Math.round(waits.outboxMs),
      queue_ms: Math.round(waits.queueMs),
      duration_ms: Math.round(durationMs),
      status: next.status,
      age_ms: Math.round(ageMs),
      retry_in_ms: next.status === 'retrying' ? next.delayMs : undefined,
      trace_id: traceIdOf(claimed.traceparent),
    });
  }

  /** A hint that was stale, or whose time had run out. */
  notSent(claimed: Claimed | undefined, queue: string): void {
    if (!claimed) this.gauges.staleHints.inc({ queue });
    else this.gauges.settled.inc({ channel: claimed.channel, status: claimed.status });
  }

  claimFailed(hint: Hint, error: unknown): void {
    this.log.warn('claim.failed', { id: toPublicId('notification', hint.id), err: error });
  }

  handBackFailed(hints: number, error: unknown): void {
    this.log.warn('dispatch.hand_back_failed', { hints, err: error });
  }
}

const waitsOf = ({ dueAt, publishedAt, claimedAt }: Claimed): { outboxMs: number; queueMs: number } => ({
  outboxMs: Math.max(0, publishedAt.getTime() - dueAt.getTime()),
  queueMs: Math.max(0, claimedAt.getTime() - publishedAt.getTime()),
});
