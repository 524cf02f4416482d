import type { Pool } from 'pg';

import { KEY_ID_AT, KEY_ID_BYTES, type Sealer } from './sealer.js';

/** A column that holds sealed values, and how its rows are named. */
export interface SealedColumn {
  table: string;
  column: string;
  /** The primary key: the columns and their types, in its order. */
  key: readonly { name: string; type: string }[];
  /** The context that the value was sealed with, from `fields` of the row as text. */
  fields: readonly string[];
  readonly contextOf: (...fields: string[]) => string;
}

export interface Rewrapped {
  /** Sealed anew. */
  rewrapped: number;
  /** Sealed with neither key, or for another row: left as it is. */
  unreadable: number;
}

/** Rows of one commit: a claim never waits long for any of them. */
const STEP = 200;

interface Row {
  key: string[];
  fields: string[];
  sealed: Buffer;
}

/**
 * Seals anew, with the current key, what another key has sealed in one column.
 *
 * In steps along the primary key, each a commit of its own: killed, it goes on where it was when it is run again, because
 * what carries the current key's id is passed over. A value that changed meanwhile is left to whoever changed it.
 */
export async function rewrapColumn(pool: Pool, sealer: Sealer, target: SealedColumn): Promise<Rewrapped> {
  const counts = { rewrapped: 0, unreadable: 0 };
  let after: string[] | undefined;
  for (;;) {
    const rows = await readStep(pool, sealer, target, after);
    if (rows.length === 0) return counts;
    const sealedAnew = rows.flatMap((row) => sealAnew(row, sealer, target) ?? []);
    counts.unreadable += rows.length - sealedAnew.length;
    counts.rewrapped += await writeStep(pool, target, sealedAnew);
    after = rows.at(-1)!.key;
  }
}

async function readStep(
  pool: Pool,
  sealer: Sealer,
  { table, column, key, fields }: SealedColumn,
  after: string[] | undefined,
): Promise<Row[]> {
  const names = key.map(({ name }) => name).join(', ');
  const from = key.map(({ type }, at) => `$${at + 2}::${type}`).join(', ');
  const { rows } = await pool.query<Row>(
    `SELECT ARRAY[${key.map(({ name }) => `${name}::text`).join(', ')}]::text[] AS key,
            ARRAY[${fields.map((name) => `${name}::text`).join(', ')}]::text[] AS fields, ${column} AS sealed
       FROM ${table}
      WHERE ${column} IS NOT NULL AND substring(${column} FROM ${KEY_ID_AT} FOR ${KEY_ID_BYTES}) <> $1
        ${after ? `AND (${names}) > (${from})` : ''}
      ORDER BY ${names} LIMIT ${STEP}`,
    [sealer.keyId, ...(after ?? [])],
  );
  return rows;
}

function sealAnew(
  { key, fields, sealed }: Row,
  sealer: Sealer,
  { contextOf }: SealedColumn,
): { key: string[]; before: Buffer; now: Buffer } | undefined {
  const context = contextOf(...fields);
  try {
    return { key, before: sealed, now: sealer.seal(sealer.open(sealed, context), context) };
  } catch {
    return undefined;
  }
}

async function writeStep(
  pool: Pool,
  { table, column, key }: SealedColumn,
  rows: readonly { key: string[]; before: Buffer; now: Buffer }[],
): Promise<number> {
  if (rows.length === 0) return 0;
  const arrays = key.map(({ type }, at) => `$${at + 3}::${type}[]`).join(', ');
  const names = key.map((_, at) => `key_${at}`).join(', ');
  const same = key.map(({ name }, at) => `t.${name} = i.key_${at}`).join(' AND ');
  const { rowCount } = await pool.query(
    `UPDATE ${table} t SET ${column} = i.now
       FROM unnest($1::bytea[], $2::bytea[], ${arrays}) AS i (before, now, ${names})
      WHERE ${same} AND t.${column} = i.before`,
    [
      rows.map(({ before }) => before),
      rows.map(({ now }) => now),
      ...key.map((_, at) => rows.map((row) => row.key[at])),
    ],
  );
  return rowCount ?? 0;
}
