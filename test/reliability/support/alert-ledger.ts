import type pg from 'pg';

import type { Violation } from './rules.js';

/** What was raised, as the table has it, and what a target was told. */
export interface AlertLedger {
  raised: readonly { key: string; at: Date; resolvedAt: Date | null }[];
  /** Each call of the webhook target: which alert, and what it was told of it. */
  told: readonly { key: string; what: string }[];
}

/** A key may come and go with faults that come and go; more than this is a flood. */
const RAISED_AT_MOST = 3;

/** I4: each expected alert (by the beginning of its key) is raised once, and nothing floods. */
export function alertOffences(
  ledger: AlertLedger,
  expected: readonly string[],
  raisedAtMost = RAISED_AT_MOST,
): Violation[] {
  const times = (entries: readonly { key: string }[], key: string): number =>
    entries.filter((entry) => entry.key === key).length;
  const missing = expected.filter((start) => !ledger.raised.some(({ key }) => key.startsWith(start)));
  const keys = [...new Set(ledger.raised.map(({ key }) => key))];
  const limitOf = (key: string): number =>
    expected.some((start) => key.startsWith(start)) ? 1 : raisedAtMost;
  const floods = keys.filter((key) => times(ledger.raised, key) > limitOf(key));
  const story = ledger.raised.map(({ key, at }) => `${at.toISOString()} ${key}`).join('\n');
  return [
    ...missing.map((key): Violation => ({
      invariant: 'I4',
      offence: 'lost',
      why: `No alert ${key} was raised.`,
      story,
    })),
    ...floods.map((key): Violation => ({
      invariant: 'I4',
      offence: 'duplicated',
      why: `The alert ${key} was raised ${times(ledger.raised, key)} times.`,
      story,
    })),
  ];
}

/** Undefined while the service has no alerts: then I4 is not judged, and the verdict says so. */
export async function readAlerts(pool: pg.Pool, told: AlertLedger['told']): Promise<AlertLedger | undefined> {
  const { rows: there } = await pool.query<{ is: boolean }>(`SELECT to_regclass('alerts') IS NOT NULL AS is`);
  if (!there[0]!.is) return undefined;
  const { rows } = await pool.query<{ key: string; at: Date; resolvedAt: Date | null }>(
    `SELECT alert_key AS key, raised_at AS at, resolved_at AS "resolvedAt" FROM alerts ORDER BY raised_at`,
  );
  return { raised: rows, told };
}
