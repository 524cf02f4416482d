import type { Pool } from 'pg';

import { isUndelivered, isWaiting, type Status } from '../../domain/status.js';
import { lowestIdFrom, lowestIdPast } from '../id-range.js';
import type { StoredNotification } from '../story.js';
import { NOTIFICATION_COLUMNS } from './read-story.js';

export interface ListFilter {
  keyHash?: string;
  type?: string;
  recipient?: string;
  recipientKey?: string;
  status?: Status;
  channel?: string;
  provider?: string;
  eventId?: string;
  createdAfter?: Date;
  createdBefore?: Date;
  /** UUID: only older ones. */
  before?: string;
  limit: number;
}

export interface ListPage {
  rows: StoredNotification[];
  /** Where to go on; undefined at the end. A page may hold less than its limit and still go on. */
  cursor: string | undefined;
}

/** Rows looked at for one page, matching or not: what bounds a question whose answer is rare. */
const MAX_SCANNED = 10_000;

/**
 * Newest first. One index leads (the rarest thing asked for), everything else is filtered over a bounded scan of it, so no
 * question can take long, whatever the table has grown to.
 */
export async function listNotifications(pool: Pool, filter: ListFilter): Promise<ListPage> {
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const lead = leadOf(filter, bind);
  const rest = restOf(filter, bind);
  const scanned = rest.length > 0 ? MAX_SCANNED : filter.limit + 1;
  const { rows } = await pool.query<StoredNotification & { last: string; isCut: boolean }>(
    `WITH scanned AS MATERIALIZED (${lead} LIMIT ${scanned})
     SELECT ${NOTIFICATION_COLUMNS}
       FROM scanned s JOIN notifications n ON n.id = s.id
      ${rest.length > 0 ? `WHERE ${rest.join(' AND ')}` : ''}
      ORDER BY n.id DESC LIMIT ${filter.limit + 1}`,
    values,
  );
  if (rows.length > filter.limit)
    return { rows: rows.slice(0, filter.limit), cursor: rows[filter.limit - 1]!.id };
  const end = rest.length > 0 ? await endOfScan(pool, lead, values, scanned) : undefined;
  return { rows, cursor: end };
}

/** The last row that was looked at, when the scan was cut off there. */
async function endOfScan(
  pool: Pool,
  lead: string,
  values: unknown[],
  scanned: number,
): Promise<string | undefined> {
  const used = values.slice(
    0,
    Math.max(0, ...[...lead.matchAll(/\$(\d+)/g)].map((match) => Number(match[1]))),
  );
  const { rows } = await pool.query<{ id: string }>(`${lead} OFFSET ${scanned - 1} LIMIT 1`, used);
  return rows[0]?.id;
}

function leadOf(filter: ListFilter, bind: (value: unknown) => string): string {
  const [from, id, conditions] = leadingIndex(filter, bind);
  if (filter.before !== undefined) conditions.push(`${id} < ${bind(filter.before)}`);
  if (filter.createdAfter) conditions.push(`${id} >= ${bind(lowestIdFrom(filter.createdAfter))}`);
  if (filter.createdBefore) conditions.push(`${id} < ${bind(lowestIdPast(filter.createdBefore))}`);
  const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
  return `SELECT ${id} AS id FROM ${from} ${where} ORDER BY ${id} DESC`;
}

function leadingIndex(filter: ListFilter, bind: (value: unknown) => string): [string, string, string[]] {
  const { status } = filter;
  if (filter.keyHash !== undefined)
    return ['notifications', 'id', [`key_hash = decode(${bind(filter.keyHash)}, 'hex')`]];
  if (filter.eventId !== undefined) return ['notifications', 'id', [`event_id = ${bind(filter.eventId)}`]];
  if (filter.recipientKey !== undefined)
    return ['notifications', 'id', [`recipient_key = ${bind(filter.recipientKey)}`]];
  if (status && isUndelivered(status))
    return ['undelivered', 'notification_id', [`status = ${bind(status)}`]];
  if (status && isWaiting(status)) return ['outbox', 'notification_id', []];
  if (status === 'sending') return ['attempts', 'notification_id', ['outcome IS NULL']];
  if (filter.type !== undefined) return ['notifications', 'id', [`type = ${bind(filter.type)}`]];
  return ['notifications', 'id', []];
}

/** Cheap to repeat what the index has said already; what it has not, is said here. */
function restOf(filter: ListFilter, bind: (value: unknown) => string): string[] {
  const rest: string[] = [];
  const isLedByType =
    filter.type !== undefined && !filter.keyHash && !filter.recipientKey && !filter.eventId && !filter.status;
  if (filter.type !== undefined && !isLedByType) rest.push(`n.type = ${bind(filter.type)}`);
  if (filter.recipient !== undefined) rest.push(`n.recipient = ${bind(filter.recipient)}`);
  if (filter.status !== undefined) rest.push(`n.status = ${bind(filter.status)}`);
  if (filter.channel !== undefined) rest.push(`n.channel = ${bind(filter.channel)}`);
  if (filter.provider !== undefined) rest.push(`n.provider = ${bind(filter.provider)}`);
  if (filter.createdAfter) rest.push(`n.created_at >= ${bind(filter.createdAfter)}`);
  if (filter.createdBefore) rest.push(`n.created_at < ${bind(filter.createdBefore)}`);
  return rest;
}
