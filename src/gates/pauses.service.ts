import { Inject, Injectable } from '@nestjs/common';

import { AuditTrail } from '../platform/audit/audit-trail.service.js';
import { WorkPool } from '../platform/database/pools.js';
import { inTransaction } from '../platform/database/transaction.js';
import { GatesStore } from './gates.store.js';

/** An operator's own hold on a provider, with its entry in the audit. Pausing twice is pausing once. */
@Injectable()
export class Pauses {
  constructor(
    @Inject(GatesStore) private readonly gates: GatesStore,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(WorkPool) private readonly pool: WorkPool,
  ) {}

  async pause(provider: string, reason: string | undefined, apiKeyId: string): Promise<void> {
    await inTransaction(this.pool, async (tx) => {
      await this.gates.hold('provider', provider, 'pause', undefined, reason ?? 'paused', tx);
      await this.audit.record(tx, {
        apiKeyId,
        action: 'provider.pause',
        target: provider,
        reason,
        after: { paused: true },
      });
    });
  }

  async resume(provider: string, reason: string | undefined, apiKeyId: string): Promise<void> {
    await inTransaction(this.pool, async (tx) => {
      const wasHeld = await this.gates.release('provider', provider, 'pause', tx);
      if (!wasHeld) return;
      const change = { before: { paused: true }, after: { paused: false } };
      await this.audit.record(tx, {
        apiKeyId,
        action: 'provider.resume',
        target: provider,
        reason,
        ...change,
      });
    });
  }
}
