import type { Pool } from 'pg';

import type { ChannelName } from '../../domain/channel.js';
import type { KeptArrival } from '../arrival.js';

export interface ArrivalQuery {
  channel?: ChannelName | undefined;
  /** Exactly this address. */
  to?: string | undefined;
  /** Part of an address or a subject, whatever its case. */
  search?: string | undefined;
  /** Only what came later than this id, the oldest of that first: nothing between two reads is skipped. */
  after?: number | undefined;
  before?: number | undefined;
  limit: number;
}

/** Mails can be large: one answer holds at most this much of them (and always at least one). */
const ANSWER_BUDGET_BYTES = 8 * 1024 * 1024;

interface Row {
  id: string;
  channel: ChannelName;
  to_address: string;
  received_at: Date;
  subject: string | null;
  raw: string;
  parsed: KeptArrival['parsed'];
  headers: KeptArrival['headers'];
  notification_id: string | null;
  fault: KeptArrival['fault'];
  size_bytes: number;
}

/**
 * Newest first. Served by `sandbox_messages_newest` or `…_by_recipient`; `search` reads the channel's rows, which are bounded
 * by the trim. The running sum is taken over `size_bytes`, so bodies past the budget are never fetched from their TOAST.
 */
export async function listArrivals(
  pool: Pool,
  query: ArrivalQuery,
): Promise<{ items: KeptArrival[]; hasMore: boolean }> {
  const values: unknown[] = [];
  const given = (value: unknown): string => `$${values.push(value)}`;
  const where = [
    ...(query.channel === undefined ? [] : [`channel = ${given(query.channel)}`]),
    ...(query.to === undefined ? [] : [`to_address = ${given(query.to)}`]),
    ...(query.after === undefined ? [] : [`id > ${given(query.after)}`]),
    ...(query.before === undefined ? [] : [`id < ${given(query.before)}`]),
    ...(query.search === undefined
      ? []
      : [`position(lower(${given(query.search)}) in lower(to_address || ' ' || coalesce(subject, ''))) > 0`]),
  ];
  const direction = query.after === undefined ? 'DESC' : 'ASC';
  const { rows } = await pool.query<Row>(
    `SELECT * FROM (
       SELECT page.*, sum(size_bytes) OVER (ORDER BY id ${direction}) - size_bytes AS bytes_before
         FROM (SELECT * FROM sandbox_messages ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''}
                ORDER BY id ${direction} LIMIT ${given(query.limit + 1)}) AS page) AS measured
      WHERE bytes_before < ${ANSWER_BUDGET_BYTES}
      ORDER BY id ${direction}`,
    values,
  );
  const items = rows.slice(0, query.limit).map(toArrival);
  const bytes = items.reduce((sum, item) => sum + item.sizeBytes, 0);
  const hasMore = rows.length > query.limit || bytes >= ANSWER_BUDGET_BYTES;
  return { items: direction === 'DESC' ? items : items.reverse(), hasMore };
}

const toArrival = (row: Row): KeptArrival => ({
  id: Number(row.id),
  channel: row.channel,
  to: row.to_address,
  receivedAt: row.received_at,
  subject: row.subject,
  raw: row.raw,
  parsed: row.parsed,
  headers: row.headers,
  notificationId: row.notification_id,
  fault: row.fault,
  sizeBytes: row.size_bytes,
});
