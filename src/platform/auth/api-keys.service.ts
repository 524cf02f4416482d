import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';

import { AuditTrail } from '../audit/audit-trail.service.js';
import { Config } from '../config/config.js';
import { API_KEY } from '../config/environment.js';
import { parseQuota, type Quota } from '../config/units.js';
import { DoorPool } from '../database/pools.js';
import { inTransaction } from '../database/transaction.js';
import { Problem } from '../http/problem.js';
import type { Scope } from './scopes.js';

/** Who is calling: an id that may be logged, and what it may do. */
export interface Caller {
  keyId: string;
  scopes: readonly Scope[];
  /** Its own; undefined: the configuration's. */
  rate?: Quota | undefined;
}

interface StoredKey extends Caller {
  secretHash: Buffer;
  expiresAt: Date | null;
  /** This process's monotonic clock, ms. */
  readAt: number;
}

interface KeyRow {
  secret_hash: Buffer;
  scopes: Scope[];
  expires_at: Date | null;
  rate: string | null;
}

/** A key as it may be shown: everything but its secret. */
export interface KeyView {
  id: string;
  name: string;
  scopes: Scope[];
  /** As `100/s`; null: the configuration's. */
  rate: string | null;
  created_at: Date;
  expires_at: Date | null;
  last_used_at: Date | null;
}

const KEY_COLUMNS = 'id, name, scopes, rate, created_at, expires_at, last_used_at';
const MAX_LISTED = 1_000;
const KEY_ID_BYTES = 8;
const SECRET_BYTES = 32;
const KEY = /^Bearer ph_([A-Za-z0-9]{4,32})_([A-Za-z0-9_-]{20,128})$/i;
/** A revoked key works at most this long; a known one costs no query meanwhile. */
const CACHE_MS = 5_000;
/** Keys that are kept, of each sort; beyond, all are read again. */
const MAX_CACHED = 10_000;
const LAST_USED_EVERY_MS = 60_000;
const NO_HASH = Buffer.alloc(32);

/** Knows callers by their keys. Only a hash of a secret is stored; 256 random bits need no slow hash. */
@Injectable()
export class ApiKeys implements OnApplicationShutdown {
  private readonly cache = new Map<string, StoredKey | undefined>();
  private readonly unknownUntil = new Map<string, number>();
  private readonly usedAt = new Map<string, number>();
  private touching: Promise<unknown> = Promise.resolve();

  constructor(
    @Inject(DoorPool) private readonly pool: DoorPool,
    @Inject(Config) private readonly config: Config,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
  ) {}

  /**
   * Makes POSTHASTE_API_KEY the first admin key. Idempotent; a changed secret replaces the old one, a revoked
   * key stays revoked. */
  async ensureFirstKey(): Promise<void> {
    const given = this.config.environment.apiKey;
    if (given === undefined) return;
    const match = API_KEY.exec(given);
    if (!match) return; // the configuration was checked before
    await this.pool.query(
      `INSERT INTO api_keys (id, name, secret_hash, scopes) VALUES ($1, 'first key', $2, '{admin}')
       ON CONFLICT (id) DO UPDATE SET secret_hash = excluded.secret_hash, revoked_at = NULL
         WHERE api_keys.secret_hash <> excluded.secret_hash`,
      [match[1], hashOf(match[2]!)],
    );
  }

  /**
   * The caller behind an Authorization header: at once when the key was read a moment ago, as for nearly every request.
   * Throws Problem `unauthorized`, or rejects with it.
   */
  identify(authorization: string | undefined): Caller | Promise<Caller> {
    const match = KEY.exec(authorization ?? '');
    if (!match) throw unauthorized();
    const [, id, secret] = match as unknown as [string, string, string];
    const known = this.fresh(id);
    if (known) return this.verified(known, secret);
    return this.find(id).then((stored) => this.verified(stored, secret));
  }

  private verified(stored: StoredKey | undefined, secret: string): Caller {
    // Compared even when there is no such key: the time it takes says nothing.
    const isRight = timingSafeEqual(hashOf(secret), stored?.secretHash ?? NO_HASH);
    if (!stored || !isRight || (stored.expiresAt !== null && stored.expiresAt.getTime() <= Date.now()))
      throw unauthorized();
    this.touch(stored.keyId);
    return stored;
  }

  /** A new key, with its secret: shown now and never again. `by`: the key of whoever makes it. */
  async create(
    name: string,
    scopes: readonly Scope[],
    expiresAt: string | undefined,
    by: string,
    rate: string | null = null,
  ): Promise<KeyView & { key: string }> {
    const id = randomBytes(KEY_ID_BYTES).toString('hex');
    const secret = randomBytes(SECRET_BYTES).toString('base64url');
    const created = await inTransaction(this.pool, async (tx) => {
      const { rows } = await tx.query<KeyView>(
        `INSERT INTO api_keys (id, name, secret_hash, scopes, expires_at, rate) VALUES ($1, $2, $3, $4, $5, $6) RETURNING ${KEY_COLUMNS}`,
        [id, name, hashOf(secret), [...new Set(scopes)], expiresAt ?? null, rate],
      );
      const after = { name, scopes: rows[0]!.scopes, expires_at: rows[0]!.expires_at, rate };
      await this.audit.record(tx, { apiKeyId: by, action: 'api_key.create', target: id, after });
      return rows[0]!;
    });
    this.unknownUntil.delete(id);
    return { ...created, key: `ph_${id}_${secret}` };
  }

  /** All that are not revoked, the newest first. */
  async list(): Promise<KeyView[]> {
    const { rows } = await this.pool.query<KeyView>(
      `SELECT ${KEY_COLUMNS} FROM api_keys WHERE revoked_at IS NULL ORDER BY created_at DESC, id LIMIT ${MAX_LISTED}`,
    );
    return rows;
  }

  /** From now on here, within seconds elsewhere, the key is unknown. Answers whether there was one. */
  async revoke(id: string, by: string): Promise<boolean> {
    this.cache.delete(id);
    return inTransaction(this.pool, async (tx) => {
      const { rows } = await tx.query<{ name: string; scopes: Scope[] }>(
        `UPDATE api_keys SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL RETURNING name, scopes`,
        [id],
      );
      if (!rows[0]) return false;
      await this.audit.record(tx, { apiKeyId: by, action: 'api_key.revoke', target: id, before: rows[0] });
      return true;
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.touching;
  }

  private fresh(id: string): StoredKey | undefined {
    const cached = this.cache.get(id);
    return cached && performance.now() - cached.readAt < CACHE_MS ? cached : undefined;
  }

  private async find(id: string): Promise<StoredKey | undefined> {
    if ((this.unknownUntil.get(id) ?? 0) > performance.now()) return undefined;
    const { rows } = await this.pool.query<KeyRow>({
      name: 'find_api_key',
      text: `SELECT secret_hash, scopes, expires_at, rate FROM api_keys WHERE id = $1 AND revoked_at IS NULL`,
      values: [id],
    });
    return this.remember(id, rows[0]);
  }

  private remember(id: string, row: KeyRow | undefined): StoredKey | undefined {
    if (this.unknownUntil.size >= MAX_CACHED) this.unknownUntil.clear();
    if (this.cache.size >= MAX_CACHED) this.cache.clear();
    if (!row) {
      this.cache.delete(id);
      this.unknownUntil.set(id, performance.now() + CACHE_MS);
      return undefined;
    }
    const key = {
      keyId: id,
      secretHash: row.secret_hash,
      scopes: row.scopes,
      rate: row.rate === null ? undefined : parseQuota(row.rate),
      expiresAt: row.expires_at,
      readAt: performance.now(),
    };
    this.cache.set(id, key);
    return key;
  }

  /** `last_used_at`, to the minute; nobody waits for it. */
  private touch(id: string): void {
    const now = performance.now();
    if (now - (this.usedAt.get(id) ?? -Infinity) < LAST_USED_EVERY_MS) return;
    if (this.usedAt.size >= MAX_CACHED) this.usedAt.clear();
    this.usedAt.set(id, now);
    this.touching = this.pool
      .query(`UPDATE api_keys SET last_used_at = now() WHERE id = $1`, [id])
      .catch(() => undefined);
  }
}

const hashOf = (secret: string): Buffer => hash('sha256', secret, 'buffer');

const unauthorized = (): Problem =>
  new Problem(
    'unauthorized',
    'Send `Authorization: Bearer ph_<keyid>_<secret>` with a key that is valid and not revoked.',
  );
