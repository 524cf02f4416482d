import { Inject, Injectable } from '@nestjs/common';
import type { Pool } from 'pg';

import { Sealer } from '../platform/crypto/sealer.js';
import { WorkPool } from '../platform/database/pools.js';

/** An endpoint as a delivery needs it. */
export interface EndpointTarget {
  id: string;
  url: string;
  isEnabled: boolean;
  /** Every live secret, the newest first (`whsec_…`). */
  secrets: readonly string[];
  headers: Readonly<Record<string, string>>;
  timeoutMs: number | undefined;
}

interface Row {
  id: string;
  url: string;
  enabled: boolean;
  secret: Buffer;
  headers: Buffer | null;
  timeout_ms: number | null;
}

/** A change is felt after at most this long; deliveries meanwhile cost no query. */
const CACHE_MS = 2_000;
const MAX_CACHED = 20_000;

/** Endpoints by id, opened and kept for a moment: read at each delivery and at the door. */
@Injectable()
export class EndpointDirectory {
  private readonly cache = new Map<string, { target: Promise<EndpointTarget | undefined>; readAt: number }>();

  constructor(
    @Inject(WorkPool) private readonly pool: Pool,
    @Inject(Sealer) private readonly sealer: Sealer,
  ) {}

  /** By UUID; undefined when there is none (any more). */
  find(id: string): Promise<EndpointTarget | undefined> {
    const now = performance.now();
    const cached = this.cache.get(id);
    if (cached && now - cached.readAt < CACHE_MS) return cached.target;
    if (this.cache.size >= MAX_CACHED) this.cache.clear();
    const target = this.read(id);
    this.cache.set(id, { target, readAt: now });
    target.catch(() => this.cache.delete(id));
    // Absence is not kept: an endpoint created a moment ago must work at once.
    void target.then((found) => !found && this.cache.delete(id)).catch(() => undefined);
    return target;
  }

  /** Forgets what is kept of one: it has just been changed here. */
  forget(id: string): void {
    this.cache.delete(id);
  }

  private async read(id: string): Promise<EndpointTarget | undefined> {
    const { rows } = await this.pool.query<Row>({
      name: 'find_endpoint',
      text: `SELECT id, url, enabled, secret, headers, timeout_ms FROM endpoints WHERE id = $1`,
      values: [id],
    });
    const row = rows[0];
    return row && this.open(row);
  }

  private open(row: Row): EndpointTarget {
    return {
      id: row.id,
      url: row.url,
      isEnabled: row.enabled,
      secrets: [this.sealer.open(row.secret, row.id).toString('utf8')],
      headers: row.headers
        ? (JSON.parse(this.sealer.open(row.headers, row.id).toString('utf8')) as Record<string, string>)
        : {},
      timeoutMs: row.timeout_ms ?? undefined,
    };
  }
}
