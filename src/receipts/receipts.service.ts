import { createHash } from 'node:crypto';

import { Inject, Injectable } from '@nestjs/common';
import type { Pool, PoolClient } from 'pg';

import { decisiveOf, isSettling } from '../domain/receipt.js';
import { NotificationsRepository } from '../notifications/notifications.repository.js';
import type { ProviderConfig } from '../platform/config/posthaste-file.js';
import { inTransaction } from '../platform/database/transaction.js';
import { isSuppressible, type SuppressibleChannel } from '../suppressions/suppression.js';
import { addressFaultOf } from './address-fault.js';
import { Addresses } from './addresses.js';
import type { Said } from './said.js';
import { insertReceipts, type ReceiptRow, type StoredReceipt } from './sql/insert-receipts.js';
import { matchReceipts } from './sql/match-receipts.js';
import { adoptUnmatched, forgetUnmatched, markSettled, takePending } from './sql/pending-receipts.js';
import {
  type SuppressionIntent,
  SuppressionIntents,
  type SuppressionVerdict,
} from './suppression-intents.service.js';

/** A message's id is on record with the outcome of its call; after this long nobody here sent it. Milliseconds. */
const UNMATCHED_MS = 3_600_000;
const BATCH = 500;

/** What a callback came to, by receipts. */
export interface Taken {
  stored: number;
  duplicate: number;
  unknown: number;
}

/**
 * Receipts: kept once each, applied once each, forward only.
 *
 * Storing, settling and the word to the suppression list are one commit, so a callback that is answered is done, and one
 * that is not is sent again and changes nothing twice. A receipt that comes while its notification is in a worker's hands,
 * or before the message's id is on record, stays pending; `settlePending` applies it as soon as that is over.
 */
@Injectable()
export class Receipts {
  constructor(
    @Inject(NotificationsRepository) private readonly notifications: NotificationsRepository,
    @Inject(Addresses) private readonly addresses: Addresses,
    @Inject(SuppressionIntents) private readonly suppressions: SuppressionIntents,
  ) {}

  take(pool: Pool, provider: ProviderConfig, all: readonly Said[]): Promise<Taken> {
    return inTransaction(pool, async (tx) => {
      const rows = await this.rowsOf(tx, provider.name, all);
      const known = rows.filter((row): row is ReceiptRow & { said: Said } => row !== undefined);
      const stored = await insertReceipts(tx, provider.name, known);
      await this.settle(tx, stored);
      await this.suppressions.apply(tx, intentsByAddress(provider, known, stored));
      return {
        stored: stored.length,
        duplicate: known.length - stored.length,
        unknown: all.length - known.length,
      };
    });
  }

  /** `youngerThanMs`: how far back those without a notification are looked through. */
  settlePending(pool: Pool, youngerThanMs: number): Promise<Record<string, number>> {
    return inTransaction(pool, async (tx) => {
      const adopted = await adoptUnmatched(tx, youngerThanMs);
      const settled = await this.settle(tx, await takePending(tx, BATCH));
      return { adopted, settled, forgotten: await forgetUnmatched(tx, UNMATCHED_MS) };
    });
  }

  /** Undefined for what is about no notification of this provider's. */
  private async rowsOf(
    tx: PoolClient,
    provider: string,
    all: readonly Said[],
  ): Promise<((ReceiptRow & { said: Said }) | undefined)[]> {
    const named = all.map(({ id = null, providerMessageId = null }) => ({ id, providerMessageId }));
    const owners = await matchReceipts(tx, provider, named);
    return all.map((said, i) => {
      const notificationId = owners[i] ?? null;
      // An id of ours that we do not know will never be known; a provider's id may be on its way.
      const isUnknown = notificationId === null && said.address === undefined && said.id !== undefined;
      return isUnknown ? undefined : rowOf(provider, said, notificationId);
    });
  }

  /** Applies what can be applied now; answers how many are done with. */
  private async settle(tx: PoolClient, receipts: readonly StoredReceipt[]): Promise<number> {
    const matched = receipts.filter((one) => one.notificationId !== null);
    if (matched.length === 0) return 0;
    const words = [...byNotification(matched)].flatMap(([id, group]) => {
      const word = decisiveOf(group);
      return word ? [{ ...word, id }] : [];
    });
    const effects = await this.notifications.settleByReceipts(tx, words);
    const done = matched.filter(
      (one) => !isSettling(one.kind) || effects.get(one.notificationId!) !== 'later',
    );
    await markSettled(
      tx,
      done.map((one) => one.id),
    );
    await this.suppressions.apply(tx, await this.intentsOf(tx, done));
    return done.length;
  }

  private async intentsOf(tx: PoolClient, receipts: readonly StoredReceipt[]): Promise<SuppressionIntent[]> {
    const telling = receipts.filter((one) => verdictOn(one, 'email') !== undefined);
    if (telling.length === 0) return [];
    const destinations = await this.addresses.of(
      tx,
      telling.map((one) => one.notificationId!),
    );
    return telling.flatMap((one) => {
      const to = destinations.get(one.notificationId!);
      if (!to || !isSuppressible(to.channel)) return [];
      const { channel, address } = to;
      const about = { channel, address, at: one.at, source: sourceOf(one.provider) };
      return [{ ...about, notificationId: one.notificationId!, ...verdictOn(one, channel)! }];
    });
  }
}

function byNotification(receipts: readonly StoredReceipt[]): Map<string, StoredReceipt[]> {
  const groups = new Map<string, StoredReceipt[]>();
  for (const one of receipts) {
    const group = groups.get(one.notificationId!);
    if (group) group.push(one);
    else groups.set(one.notificationId!, [one]);
  }
  return groups;
}

/** Undefined for what says nothing of the address. */
function verdictOn(
  { kind, class: errorClass, code }: Pick<StoredReceipt, 'kind' | 'class' | 'code'>,
  channel: SuppressibleChannel,
): SuppressionVerdict | undefined {
  if (kind === 'start') return { do: 'allow' };
  if (kind === 'stop') return { do: 'suppress', reason: channel === 'sms' ? 'stop' : 'unsubscribe' };
  if (kind === 'complaint') return { do: 'suppress', reason: 'complaint' };
  const fault = kind === 'bounced' ? addressFaultOf(code, errorClass) : undefined;
  return fault && { do: 'suppress', ...fault };
}

function intentsByAddress(
  { name, channel }: ProviderConfig,
  rows: readonly (ReceiptRow & { said: Said })[],
  stored: readonly StoredReceipt[],
): SuppressionIntent[] {
  if (!isSuppressible(channel)) return [];
  const isNew = new Set(stored.map((one) => one.dedupeHash));
  return rows.flatMap(({ said, dedupeHash, ...row }) => {
    const verdict = verdictOn(row, channel);
    if (!verdict || said.address === undefined || !isNew.has(dedupeHash)) return [];
    return [{ channel, address: said.address, at: said.at, source: sourceOf(name), ...verdict }];
  });
}

const sourceOf = (provider: string): string => `provider ${provider}`;

const HASH_CHARACTERS = 32; // 16 bytes

const rowOf = (provider: string, said: Said, notificationId: string | null): ReceiptRow & { said: Said } => ({
  said,
  dedupeHash: createHash('sha256')
    .update(JSON.stringify([provider, said.key]))
    .digest('hex')
    .slice(0, HASH_CHARACTERS),
  notificationId,
  providerMessageId: said.providerMessageId ?? null,
  kind: said.kind,
  class: said.class ?? null,
  code: said.code,
  at: said.at,
  isSettled: said.address !== undefined,
});
