import type { PoolClient } from 'pg';

import { insertAccepted, type Inserted, type NewNotification } from './sql/insert-accepted.js';

export type { NewNotification } from './sql/insert-accepted.js';

/**
 * The one accept statement, as part of a larger whole: rows are accepted when `tx` commits. Answers those that are new. The
 * wake-up is left to the caller, after the commit.
 */
export function acceptRows(tx: PoolClient, rows: readonly NewNotification[]): Promise<Inserted[]> {
  return insertAccepted(tx, [...rows].sort(byKey), false);
}

const byKey = (a: NewNotification, b: NewNotification): number => (a.keyHash < b.keyHash ? -1 : 1);
