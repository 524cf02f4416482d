import { Inject, Injectable } from '@nestjs/common';

import { AuditTrail } from '../platform/audit/audit-trail.service.js';
import { WorkPool } from '../platform/database/pools.js';
import { inTransaction } from '../platform/database/transaction.js';
import { GatesStore } from './gates.store.js';

/** An operator's word over the breakers of all processes, with its entry in the audit. */
@Injectable()
export class ForcedBreakers {
  constructor(
    @Inject(GatesStore) private readonly gates: GatesStore,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(WorkPool) private readonly pool: WorkPool,
  ) {}

  /**
   * `open`: nobody calls the provider, and nobody tries it, until an operator closes it. `closed`: it is called again at
   * once, and judged anew from there.
   */
  async force(
    provider: string,
    state: 'open' | 'closed',
    reason: string | undefined,
    apiKeyId: string,
  ): Promise<void> {
    await inTransaction(this.pool, async (tx) => {
      if (state === 'open')
        await this.gates.hold(
          'provider',
          provider,
          'breaker',
          undefined,
          reason ?? 'opened by an operator',
          tx,
        );
      else await this.gates.closeBreaker(provider, tx);
      await this.audit.record(tx, {
        apiKeyId,
        action: `breaker.${state === 'open' ? 'open' : 'close'}`,
        target: provider,
        reason,
        after: { state },
      });
    });
  }
}
