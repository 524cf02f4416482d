import { Inject, Injectable } from '@nestjs/common';
import type { Pool, PoolClient } from 'pg';

import type { SuppressionReason } from '../domain/suppression.js';
import { KeyedHasher } from '../platform/crypto/keyed-hasher.js';
import { Sealer } from '../platform/crypto/sealer.js';
import { WorkPool } from '../platform/database/pools.js';
import { addressHashOf } from './address-hash.js';
import { draftOf, type Suppressed, type SuppressionDraft } from './draft.js';
import { addSuppressions, findSuppressions } from './sql/add-suppressions.js';
import { forgetAddresses } from './sql/forget-addresses.js';
import { forgetSuppressions } from './sql/forget-suppressions.js';
import { type Removed, reasonOf, removeByAddress, removeById } from './sql/remove-suppressions.js';
import type { SuppressibleChannel } from './suppression.js';

/**
 * The suppression list: addresses that are not written to any more.
 *
 * Its writers take the caller's transaction, so that a bounce, a complaint or a STOP is on the list in the commit that
 * records it. The list is asked inside the statements of the door and of the claim (statement-parts.ts).
 */
@Injectable()
export class Suppressions {
  constructor(
    @Inject(KeyedHasher) private readonly hasher: KeyedHasher,
    @Inject(Sealer) private readonly sealer: Sealer,
    @Inject(WorkPool) private readonly pool: WorkPool,
  ) {}

  /** How many were added or renewed. Adding what is in force already changes nothing. */
  add(tx: Pool | PoolClient, suppressed: readonly Suppressed[]): Promise<number> {
    return addSuppressions(
      tx,
      suppressed.map((one) => this.draft(one)),
    );
  }

  /** As `add`; also answers the id of each, in order. */
  async addAndFind(
    tx: PoolClient,
    suppressed: readonly Suppressed[],
  ): Promise<{ added: number; ids: string[] }> {
    const drafts = suppressed.map((one) => this.draft(one));
    const added = await addSuppressions(tx, drafts);
    return { added, ids: (await findSuppressions(tx, drafts)).filter((id) => id !== undefined) };
  }

  /**
   * Takes back what stands against an address for these reasons: START takes back `stop`, unless that was said
   * after it: providers repeat what they have told before. How many were removed.
   * `address` is normalised by its channel.
   */
  remove(
    tx: PoolClient,
    channel: SuppressibleChannel,
    address: string,
    reasons: readonly SuppressionReason[],
    saidAt: Date,
  ): Promise<number> {
    return removeByAddress(tx, addressHashOf(this.hasher, channel, address), reasons, saidAt);
  }

  /** One by its id, if its reason is one of these. */
  removeOne(tx: PoolClient, id: string, reasons: readonly SuppressionReason[]): Promise<Removed | undefined> {
    return removeById(tx, id, reasons);
  }

  reasonOf(tx: PoolClient, id: string): Promise<SuppressionReason | undefined> {
    return reasonOf(tx, id);
  }

  /** Rows that have ended leave. How many, by what they were. */
  forget(): Promise<{ suppressions: number; strikes: number }> {
    return forgetSuppressions(this.pool);
  }

  /**
   * A person is forgotten: of what stands against these addresses only the keyed hash is kept, so that nobody writes there
   * again. `hashes` are hex; besides them the address itself, where it is one of the channel.
   */
  async forgetAddresses(
    tx: PoolClient,
    hashes: readonly string[],
    address?: { channels: readonly SuppressibleChannel[]; text: string },
  ): Promise<void> {
    const own = address?.channels.map((channel) => addressHashOf(this.hasher, channel, address.text)) ?? [];
    await forgetAddresses(tx, [...new Set([...hashes, ...own])]);
  }

  /** For a statement that adds it in its own commit. */
  draft(suppressed: Suppressed): SuppressionDraft {
    return draftOf(suppressed, this.hasher, this.sealer);
  }
}
