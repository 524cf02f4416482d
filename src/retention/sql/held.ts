import type { PoolClient } from 'pg';

import { SETTLED } from '../../domain/status.js';

/** One that was busy, or whose content is to go first, is looked at again this soon. */
const SOON = `interval '1 minute'`;

export const TAKE_HELD = `
  DELETE FROM retention_held
   WHERE task = $1 AND id = ANY (ARRAY(
           SELECT id FROM retention_held WHERE task = $1 AND look_again_at <= now()
            ORDER BY look_again_at LIMIT $2 FOR UPDATE SKIP LOCKED))
  RETURNING id`;

/** Takes what was held aside and may be old enough by now. Its rows leave: what is still too young is held again. */
export async function takeHeld(tx: PoolClient, task: string, limit: number): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>({
    name: 'take_held',
    text: TAKE_HELD,
    values: [task, limit],
  });
  return rows.map(({ id }) => id);
}

/**
 * Holds notifications aside. One that is settled is due when it will have been so for its age; one that is not cannot be due
 * before that time from now, so it is not asked for sooner. What was emptied by other ways is left out when only content
 * is at stake.
 */
export async function holdNotifications(
  tx: PoolClient,
  task: string,
  ids: readonly string[],
  ageMs: number,
  isAboutContent: boolean,
): Promise<void> {
  if (ids.length === 0) return;
  await tx.query({
    name: 'hold_notifications',
    text: `INSERT INTO retention_held AS h (task, id, look_again_at)
           SELECT $1, id, CASE WHEN status = ANY ($4::text[])
                               THEN greatest(updated_at + $3 * interval '1 ms', now() + ${SOON})
                               ELSE now() + $3 * interval '1 ms' END
             FROM notifications
            WHERE id = ANY ($2::uuid[]) AND NOT ($5 AND erased_at IS NOT NULL)
           ON CONFLICT (task, id) DO UPDATE SET look_again_at = excluded.look_again_at`,
    values: [task, ids, ageMs, SETTLED, isAboutContent],
  });
}

/** Holds events aside: they go after the last of their notifications, which are looked at in their own time. */
export async function holdEvents(
  tx: PoolClient,
  task: string,
  ids: readonly string[],
  isAboutContent: boolean,
): Promise<void> {
  if (ids.length === 0) return;
  await tx.query({
    name: 'hold_events',
    text: `INSERT INTO retention_held AS h (task, id, look_again_at)
           SELECT $1, id, now() + interval '6 hours' FROM events
            WHERE id = ANY ($2::uuid[]) AND NOT ($3 AND erased_at IS NOT NULL)
           ON CONFLICT (task, id) DO UPDATE SET look_again_at = excluded.look_again_at`,
    values: [task, ids, isAboutContent],
  });
}
