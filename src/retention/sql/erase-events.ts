import type { PoolClient } from 'pg';

/**
 * The data of events, kept once for all that tell them: it goes when none of their notifications has anything left to send.
 * `notifications_by_event` finds one that has; the first is enough.
 */
const ERASE_EVENTS = `
  UPDATE events e SET recipient = NULL, business_id = NULL, payload = NULL, erased_at = now()
   WHERE e.id = ANY ($1::uuid[]) AND e.erased_at IS NULL AND e.created_at <= now() - $2 * interval '1 ms'
     AND NOT EXISTS (SELECT FROM notifications n WHERE n.event_id = e.id AND n.erased_at IS NULL)
  RETURNING id`;

/** Answers those that this call emptied. */
export async function eraseEvents(tx: PoolClient, ids: readonly string[], ageMs: number): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>({
    name: 'erase_events',
    text: ERASE_EVENTS,
    values: [ids, ageMs],
  });
  return rows.map(({ id }) => id);
}

/** Where keys are not kept for ever: emptied events that no notification names any more. */
const FORGET_EVENTS = `
  DELETE FROM events e
   WHERE e.id = ANY ($1::uuid[]) AND e.erased_at IS NOT NULL AND e.created_at <= now() - $2 * interval '1 ms'
     AND NOT EXISTS (SELECT FROM notifications n WHERE n.event_id = e.id)
  RETURNING id`;

/** Answers those that are gone. */
export async function forgetEvents(tx: PoolClient, ids: readonly string[], ageMs: number): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>({
    name: 'forget_events',
    text: FORGET_EVENTS,
    values: [ids, ageMs],
  });
  return rows.map(({ id }) => id);
}
