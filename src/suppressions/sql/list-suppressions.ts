import type { Pool } from 'pg';

import type { SuppressionReason } from '../../domain/suppression.js';
import type { SuppressibleChannel } from '../suppression.js';

export interface StoredSuppression {
  id: string;
  channel: SuppressibleChannel;
  /** Sealed, bound to the id. */
  address: Buffer | null;
  /** Empty: all. */
  type: string;
  reason: SuppressionReason;
  source: string;
  notificationId: string | null;
  createdAt: Date;
  expiresAt: Date | null;
}

export interface SuppressionFilter {
  channel?: SuppressibleChannel | undefined;
  /** Hex. */
  addressHash?: string | undefined;
  reason?: SuppressionReason | undefined;
  /** Only those before this id: newest first. */
  before?: string | undefined;
  limit: number;
}

/**
 * What is in force, newest first: ids carry their time. An address leads by `suppressions_key`; else channel, reason or both
 * by their index, which ends with the id; else the primary key.
 */
export async function listSuppressions(
  pool: Pool,
  { limit, before, ...wanted }: SuppressionFilter,
): Promise<StoredSuppression[]> {
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const conditions = [
    '(expires_at IS NULL OR expires_at > now())',
    ...(wanted.addressHash === undefined
      ? []
      : [`address_hash = decode(${bind(wanted.addressHash)}, 'hex')`]),
    ...(wanted.channel === undefined ? [] : [`channel = ${bind(wanted.channel)}`]),
    ...(wanted.reason === undefined ? [] : [`reason = ${bind(wanted.reason)}`]),
    ...(before === undefined ? [] : [`id < ${bind(before)}::uuid`]),
  ];
  const { rows } = await pool.query<StoredSuppression>(
    `SELECT id, channel, address, type, reason, source, notification_id AS "notificationId", created_at AS "createdAt",
            expires_at AS "expiresAt"
       FROM suppressions WHERE ${conditions.join(' AND ')} ORDER BY id DESC LIMIT ${bind(limit)}`,
    values,
  );
  return rows;
}
