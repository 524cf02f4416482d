import { Inject, Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';

import { recipientKeyOf } from '../accept/business-key.js';
import { fromPublicId, toPublicId } from '../domain/public-id.js';
import { AuditTrail } from '../platform/audit/audit-trail.service.js';
import { KeyedHasher } from '../platform/crypto/keyed-hasher.js';
import { Sealer } from '../platform/crypto/sealer.js';
import { WorkPool } from '../platform/database/pools.js';
import { inTransaction } from '../platform/database/transaction.js';
import { Problem } from '../platform/http/problem.js';
import type { ErasureRequest, ErasureView } from './erasure.schema.js';
import { insertErasure, readErasure, type StoredErasure } from './sql/erasures.js';

/**
 * A person's wish to be forgotten, as an operator enters it. It covers what was accepted until then; what is accepted
 * afterwards is a new thing. To ask again is harmless. Leaves the erasing to ErasureRunner.
 */
@Injectable()
export class Erasures {
  constructor(
    @Inject(WorkPool) private readonly pool: WorkPool,
    @Inject(KeyedHasher) private readonly hasher: KeyedHasher,
    @Inject(Sealer) private readonly sealer: Sealer,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
  ) {}

  /** The audit says that somebody was forgotten, by whom and why: not who. */
  create({ recipient, channel = undefined, reason }: ErasureRequest, apiKeyId: string): Promise<ErasureView> {
    const id = uuidv7();
    return inTransaction(this.pool, async (tx) => {
      const stored = await insertErasure(tx, {
        id,
        recipient: this.sealer.seal(recipient, id),
        recipientKey: recipientKeyOf(this.hasher, recipient),
        channel: channel ?? null,
      });
      await this.audit.record(tx, {
        apiKeyId,
        reason,
        action: 'erasure.create',
        target: toPublicId('erasure', id),
        after: { state: 'running', channel: channel ?? null },
      });
      return toView(stored);
    });
  }

  /** Throws Problem `not_found`. */
  async get(publicId: string): Promise<ErasureView> {
    const id = fromPublicId('erasure', publicId);
    const stored = id === undefined ? undefined : await readErasure(this.pool, id);
    if (!stored) throw new Problem('not_found', 'There is no erasure with this id.');
    return toView(stored);
  }
}

const toView = (stored: StoredErasure): ErasureView => ({
  id: toPublicId('erasure', stored.id),
  state: stored.state,
  channel: stored.channel,
  erased: stored.erased,
  cancelled: stored.cancelled,
  events: stored.events,
  held: stored.held,
  created_at: stored.createdAt.toISOString(),
  finished_at: stored.finishedAt?.toISOString() ?? null,
});
