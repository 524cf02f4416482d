import { Inject, Injectable } from '@nestjs/common';

import type { Provider } from '../channels/channel.js';
import { isUnfit } from '../channels/unfit.js';
import { failed, internalFault, type Outcome } from '../domain/outcome.js';
import { toPublicId } from '../domain/public-id.js';
import type { Claimed } from '../notifications/claimed.js';
import { isUnavailable } from '../platform/database/sql-state.js';
import { DatabaseClock } from '../platform/clock/database-clock.js';
import { mask } from '../platform/logging/mask.js';
import { Log } from '../platform/logging/log.js';
import { type AttemptTrace, AttemptTraces } from './attempt-traces.js';
import { Breakers } from './breakers.js';
import { LeaseService } from './lease.service.js';
import { type Packed, Packing } from './packing.service.js';
import { refusedRepetition } from './repetition.js';

/** What became of a call, and of what content. */
export interface Sent {
  outcome: Outcome;
  /** Hex; null when nothing was rendered, or the content cannot change. */
  digest: string | null;
}

/** Renders and calls. Answers with a value for everything: what throws is our own fault and is said to be. */
@Injectable()
export class Sender {
  constructor(
    @Inject(Packing) private readonly packing: Packing,
    @Inject(DatabaseClock) private readonly clock: DatabaseClock,
    @Inject(Breakers) private readonly breakers: Breakers,
    @Inject(LeaseService) private readonly lease: LeaseService,
    @Inject(Log) private readonly log: Log,
    @Inject(AttemptTraces) private readonly traces: AttemptTraces,
  ) {}

  async send(claimed: Claimed, provider: Provider, signal: AbortSignal): Promise<Sent> {
    const trace = this.traces.begin(claimed, provider.name);
    const packed = await this.pack(claimed, provider);
    const outcome =
      'kind' in packed
        ? packed
        : (refusedRepetition(packed.digest, provider.name, claimed) ??
          (await this.call(claimed, packed, provider, signal, trace)));
    trace.end(outcome);
    return { outcome, digest: 'kind' in packed ? null : packed.digest };
  }

  private async call(
    claimed: Claimed,
    { parcel }: Packed,
    provider: Provider,
    signal: AbortSignal,
    trace: AttemptTrace,
  ): Promise<Outcome> {
    if (!this.lease.isSafe(claimed.term)) {
      const detail = 'This worker could not renew its lease in time, so it called nobody.';
      return failed('not_sent', { class: 'lease', code: 'lease_lost', detail, scope: 'message' });
    }
    try {
      const now = (): Date => this.clock.now();
      const send = (traceparent: string | undefined): Promise<Outcome> =>
        provider.send(parcel, { signal, now, traceparent });
      return await this.breakers.call(provider.name, claimed.endpointId, () => trace.around(send));
    } catch (error) {
      // A provider answers with values. One that throws has a bug, and nobody knows what it did before.
      this.log.error('provider.threw', { id: parcel.id, provider: provider.name, err: error });
      return failed('in_doubt', {
        class: 'in_doubt',
        code: 'provider_bug',
        detail: describe(error),
        scope: 'message',
      });
    }
  }

  private async pack(claimed: Claimed, provider: Provider): Promise<Packed | Outcome> {
    try {
      const packed = this.packing.pack(claimed, provider.name);
      const preparing = provider.prepare?.(packed.parcel);
      if (preparing) await preparing;
      return packed;
    } catch (error) {
      if (isUnfit(error)) return internalFault(error.code, mask(error.message));
      if (isUnavailable(error)) return databaseAway();
      this.log.error('dispatch.failed', { id: toPublicId('notification', claimed.id), err: error });
      return internalFault('internal', describe(error));
    }
  }
}

/** Nobody was called and nobody is to blame: no try is consumed. */
const databaseAway = (): Outcome =>
  failed('not_sent', {
    class: 'lease',
    code: 'database_away',
    detail: 'PostgreSQL could not be asked what the call needs, so nobody was called.',
    scope: 'message',
  });

const describe = (error: unknown): string => (error instanceof Error ? error.name : 'unknown fault');
