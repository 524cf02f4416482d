import { Inject, Injectable } from '@nestjs/common';
import type { Pool } from 'pg';

import { Sealer } from '../platform/crypto/sealer.js';
import { WorkPool } from '../platform/database/pools.js';
import { openHeaders } from './endpoint.view.js';

/** An endpoint as a delivery needs it. */
export interface EndpointTarget {
  id: string;
  url: string;
  isEnabled: boolean;
  /** Every live secret, the newest first (`whsec_…`). */
  secrets: readonly string[];
  /** Every live signing key, the newest first (`whsk_…`); none unless its owner asked for v1a. */
  signingKeys: readonly string[];
  headers: Readonly<Record<string, string>>;
  timeoutMs: number | undefined;
  /** Its own cap on calls in flight, per process. */
  concurrency: number | undefined;
  /** Nothing has succeeded there since its last failure. */
  isFailing: boolean;
}

interface Row {
  id: string;
  url: string;
  enabled: boolean;
  secret: Buffer;
  headers: Buffer | null;
  timeout_ms: number | null;
  signing_key: Buffer | null;
  concurrency: number | null;
  failing: boolean;
  retired: Buffer[];
}

/** A change is felt after at most this long; deliveries meanwhile cost no query. */
export const DIRECTORY_CACHE_MS = 2_000;
const MAX_CACHED = 20_000;

const FIND_ENDPOINT = `
  SELECT id, url, enabled, secret, headers, timeout_ms, signing_key, concurrency, failing_since IS NOT NULL AS failing,
         ARRAY(SELECT r.secret FROM endpoint_retired_secrets r
                WHERE r.endpoint_id = e.id AND r.signs_until > now() ORDER BY r.id DESC) AS retired
    FROM endpoints e WHERE id = $1`;

interface Entry {
  /** What was read, or its reading. */
  target: EndpointTarget | Promise<EndpointTarget | undefined>;
  /** By the monotonic clock, ms. */
  readAt: number;
}

/** Endpoints by id, opened and kept for a moment: read at each delivery and at the door. */
@Injectable()
export class EndpointDirectory {
  private readonly cache = new Map<string, Entry>();

  constructor(
    @Inject(WorkPool) private readonly pool: Pool,
    @Inject(Sealer) private readonly sealer: Sealer,
  ) {}

  /** By UUID; undefined when there is none (any more). What has been read is given at once: a delivery asks three times. */
  find(id: string): EndpointTarget | Promise<EndpointTarget | undefined> {
    const now = performance.now();
    const cached = this.cache.get(id);
    if (cached && now - cached.readAt < DIRECTORY_CACHE_MS) return cached.target;
    if (this.cache.size >= MAX_CACHED) this.cache.clear();
    const entry: Entry = { target: this.read(id), readAt: now };
    this.cache.set(id, entry);
    return (entry.target = this.keep(id, entry, entry.target));
  }

  /** Absence is not kept: an endpoint created a moment ago must work at once. Nor is what could not be read. */
  private async keep(
    id: string,
    entry: Entry,
    reading: Entry['target'],
  ): Promise<EndpointTarget | undefined> {
    try {
      const found = await reading;
      if (found) entry.target = found;
      else this.cache.delete(id);
      return found;
    } catch (error) {
      this.cache.delete(id);
      throw error;
    }
  }

  /** Forgets what is kept of one: it has just been changed here. */
  forget(id: string): void {
    this.cache.delete(id);
  }

  private async read(id: string): Promise<EndpointTarget | undefined> {
    const { rows } = await this.pool.query<Row>({
      name: 'find_endpoint',
      text: FIND_ENDPOINT,
      values: [id],
    });
    const row = rows[0];
    return row && this.open(row);
  }

  private open(row: Row): EndpointTarget {
    const sealed = [row.secret, ...(row.signing_key ? [row.signing_key] : []), ...row.retired];
    const keys = sealed.map((one) => this.sealer.open(one, row.id).toString('utf8'));
    return {
      id: row.id,
      url: row.url,
      isEnabled: row.enabled,
      secrets: keys.filter((key) => key.startsWith('whsec_')),
      // Its owner may have had enough of them before the retired ones ended.
      signingKeys: row.signing_key ? keys.filter((key) => key.startsWith('whsk_')) : [],
      headers: openHeaders(row.headers, row.id, this.sealer),
      timeoutMs: row.timeout_ms ?? undefined,
      concurrency: row.concurrency ?? undefined,
      isFailing: row.failing,
    };
  }
}
