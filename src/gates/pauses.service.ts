import { Inject, Injectable } from '@nestjs/common';

import type { GateKind } from '../domain/gate.js';
import { AuditTrail } from '../platform/audit/audit-trail.service.js';
import { WorkPool } from '../platform/database/pools.js';
import { inTransaction } from '../platform/database/transaction.js';
import { GatesStore } from './gates.store.js';

/** What an operator may hold, by its name: never an endpoint, which its subscriber enables and disables. */
export interface Pausable {
  kind: Exclude<GateKind, 'endpoint'>;
  name: string;
}

/** An operator's own hold, with its entry in the audit. Pausing twice is pausing once. */
@Injectable()
export class Pauses {
  constructor(
    @Inject(GatesStore) private readonly gates: GatesStore,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(WorkPool) private readonly pool: WorkPool,
  ) {}

  async pause({ kind, name }: Pausable, reason: string | undefined, apiKeyId: string): Promise<void> {
    await inTransaction(this.pool, async (tx) => {
      await this.gates.hold(kind, name, 'pause', undefined, reason ?? 'paused', tx, apiKeyId);
      await this.audit.record(tx, {
        apiKeyId,
        action: `${kind}.pause`,
        target: name,
        reason,
        after: { paused: true },
      });
    });
  }

  async resume({ kind, name }: Pausable, reason: string | undefined, apiKeyId: string): Promise<void> {
    await inTransaction(this.pool, async (tx) => {
      const wasHeld = await this.gates.release(kind, name, 'pause', tx);
      if (!wasHeld) return;
      const change = { before: { paused: true }, after: { paused: false } };
      await this.audit.record(tx, { apiKeyId, action: `${kind}.resume`, target: name, reason, ...change });
    });
  }
}
