import type { PoolClient } from 'pg';

/** The next of the primary key: reads `limit` rows, however many there are. */
const pageOf = (table: 'notifications' | 'events') => ({
  name: `page_of_${table}`,
  text: `SELECT id FROM ${table} WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3`,
});
export const NOTIFICATIONS_PAGE = pageOf('notifications');
export const EVENTS_PAGE = pageOf('events');

export async function readPage(
  tx: PoolClient,
  page: typeof NOTIFICATIONS_PAGE,
  after: string,
  before: string,
  limit: number,
): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>({ ...page, values: [after, before, limit] });
  return rows.map(({ id }) => id);
}
