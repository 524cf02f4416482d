import type pg from 'pg';

import type { Told } from './alert-sink.js';
import type { Violation } from './rules.js';

/** What was raised, as the table has it, and what a target was told. */
export interface AlertLedger {
  raised: readonly { key: string; at: Date; resolvedAt: Date | null }[];
  told: readonly Told[];
}

/** A key may come and go with faults that come and go; more than this is a flood. */
const RAISED_AT_MOST = 3;

/** Whether the table has each of these (by the beginning of its key), and the target has heard of it. */
export const hasTold = ({ raised, told }: AlertLedger, expected: readonly string[]): boolean =>
  expected.every(
    (start) =>
      raised.some(({ key }) => key.startsWith(start)) &&
      told.some(({ key, event }) => key.startsWith(start) && event === 'raised'),
  );

/** I4: each expected alert (by the beginning of its key) is raised once and told once, and nothing floods. */
export function alertOffences(ledger: AlertLedger, expected: readonly string[]): Violation[] {
  const story = [
    ...ledger.raised.map(({ key, at }) => `raised ${at.toISOString()} ${key}`),
    ...ledger.told.map(({ id, key, event }) => `told   ${event} ${key} (${id})`),
  ].join('\n');
  const offence = (of: 'lost' | 'duplicated', why: string): Violation => ({
    invariant: 'I4',
    offence: of,
    why,
    story,
  });
  const missing = expected
    .filter((start) => !hasTold(ledger, [start]))
    .map((start) => offence('lost', `No alert ${start} was raised and told.`));
  const floods = keysOf(ledger)
    .filter((key) => timesRaised(ledger, key) > limitOf(key, expected))
    .map((key) => offence('duplicated', `The alert ${key} was raised ${timesRaised(ledger, key)} times.`));
  return [...missing, ...floods];
}

const keysOf = ({ raised, told }: AlertLedger): string[] => [
  ...new Set([...raised, ...told].map(({ key }) => key)),
];

const limitOf = (key: string, expected: readonly string[]): number =>
  expected.some((start) => key.startsWith(start)) ? 1 : RAISED_AT_MOST;

/** By whichever book has more. News told twice under one id is one: its target can tell. */
function timesRaised({ raised, told }: AlertLedger, key: string): number {
  const news = told.filter((one) => one.key === key && one.event === 'raised').map(({ id }) => id);
  return Math.max(raised.filter((one) => one.key === key).length, new Set(news).size);
}

export async function readAlerts(pool: pg.Pool, told: AlertLedger['told']): Promise<AlertLedger> {
  const { rows } = await pool.query<AlertLedger['raised'][number]>(
    `SELECT alert_key AS key, raised_at AS at, resolved_at AS "resolvedAt" FROM alerts ORDER BY raised_at`,
  );
  return { raised: rows, told };
}
