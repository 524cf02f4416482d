import { Inject, Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';

import { WorkPool } from '../database/pools.js';

/** What an operator changed. `before` and `after` hold states and numbers: never a recipient, never a secret. */
export interface AuditEntry {
  apiKeyId: string;
  /** `noun.verb`: `notification.retry`. */
  action: string;
  /** The public id of what was changed. */
  target: string;
  reason?: string | undefined;
  before?: object | undefined;
  after?: object | undefined;
}

export interface StoredAuditEntry {
  /** Counts up; a bigint as text. */
  id: string;
  at: Date;
  apiKeyId: string;
  action: string;
  target: string;
  reason: string | null;
  before: unknown;
  after: unknown;
}

export interface AuditFilter {
  apiKeyId?: string | undefined;
  action?: string | undefined;
  target?: string | undefined;
  /** Only older ones than this id. */
  before?: string | undefined;
  limit: number;
}

/** The record of what operators did. It can be added to and read; the database refuses the rest. */
@Injectable()
export class AuditTrail {
  constructor(@Inject(WorkPool) private readonly pool: WorkPool) {}

  /** In the transaction of the change: there is no change without its entry, and no entry without its change. */
  async record(tx: PoolClient, entry: AuditEntry): Promise<void> {
    await tx.query({
      name: 'record_audit',
      text: `INSERT INTO audit (api_key_id, action, target, reason, before, after) VALUES ($1, $2, $3, $4, $5, $6)`,
      values: [
        entry.apiKeyId,
        entry.action,
        entry.target,
        entry.reason ?? null,
        jsonOrNull(entry.before),
        jsonOrNull(entry.after),
      ],
    });
  }

  /** Newest first. */
  async list({ limit, before, ...wanted }: AuditFilter): Promise<StoredAuditEntry[]> {
    const values: unknown[] = [];
    const bind = (value: unknown): string => `$${values.push(value)}`;
    const conditions = [
      ...(wanted.apiKeyId === undefined ? [] : [`api_key_id = ${bind(wanted.apiKeyId)}`]),
      ...(wanted.action === undefined ? [] : [`action = ${bind(wanted.action)}`]),
      ...(wanted.target === undefined ? [] : [`target = ${bind(wanted.target)}`]),
      ...(before === undefined ? [] : [`id < ${bind(before)}`]),
    ];
    const { rows } = await this.pool.query<StoredAuditEntry>(
      `SELECT id::text, at, api_key_id AS "apiKeyId", action, target, reason, before, after
         FROM audit ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''}
        ORDER BY audit.id DESC LIMIT ${bind(limit)}`,
      values,
    );
    return rows;
  }
}

const jsonOrNull = (value: object | undefined): string | null =>
  value === undefined ? null : JSON.stringify(value);
