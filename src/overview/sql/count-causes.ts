import type { Pool } from 'pg';

import type { ChannelName } from '../../domain/channel.js';
import { MAX_COUNT } from './read-lanes.js';

/** What waits for a person, of one cause. */
export interface Cause {
  status: 'dead' | 'in_doubt';
  channel: ChannelName;
  /** Empty: nobody was called. */
  provider: string;
  class: string;
  /** At most MAX_COUNT over all causes of a status. */
  count: number;
  oldestAt: Date;
}

/** By `undelivered_by_status`, as far as the bound: a catastrophe must not make its own figures dear. */
const of = (status: Cause['status']): string => `
  (SELECT status, channel, provider, class, since FROM undelivered WHERE status = '${status}' LIMIT ${MAX_COUNT})`;

export async function countCauses(pool: Pool): Promise<Cause[]> {
  const { rows } = await pool.query<Cause>({
    name: 'count_causes',
    text: `SELECT status, channel, coalesce(provider, '') AS provider, coalesce(class, '') AS class,
                  count(*)::integer AS count, min(since) AS "oldestAt"
             FROM (${of('dead')} UNION ALL ${of('in_doubt')}) u
            GROUP BY status, channel, provider, class`,
  });
  return rows;
}
