import { Inject, Injectable } from '@nestjs/common';

import { KeyedHasher } from '../platform/crypto/keyed-hasher.js';
import { Sealer } from '../platform/crypto/sealer.js';
import { WorkPool } from '../platform/database/pools.js';
import { addressHashOf } from './address-hash.js';
import { listSuppressions, type StoredSuppression } from './sql/list-suppressions.js';
import type { SuppressibleChannel } from './suppression.js';
import type { SuppressionReason } from '../domain/suppression.js';

export interface SuppressionQuestion {
  channel?: SuppressibleChannel | undefined;
  /** Normalised; needs `channel`. */
  address?: string | undefined;
  reason?: SuppressionReason | undefined;
  /** Only those before this id (UUID). */
  before?: string | undefined;
  limit: number;
}

/** A suppression in force, its address readable. */
export type ReadSuppression = Omit<StoredSuppression, 'address'> & { address: string | null };

/** Reads the list; changes nothing. */
@Injectable()
export class SuppressionsReader {
  constructor(
    @Inject(WorkPool) private readonly pool: WorkPool,
    @Inject(KeyedHasher) private readonly hasher: KeyedHasher,
    @Inject(Sealer) private readonly sealer: Sealer,
  ) {}

  /** Newest first. */
  async list({ address, ...question }: SuppressionQuestion): Promise<ReadSuppression[]> {
    const addressHash =
      address === undefined ? undefined : addressHashOf(this.hasher, question.channel!, address);
    const rows = await listSuppressions(this.pool, { ...question, addressHash });
    return rows.map((row) => ({
      ...row,
      address: row.address && this.sealer.open(row.address, row.id).toString('utf8'),
    }));
  }
}
