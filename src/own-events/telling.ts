import { TOLD_STATUSES } from '../domain/event-type.js';

const STATUSES = TOLD_STATUSES.map((status) => `'${status}'`).join(', ');

/** Whether anybody subscribes to the service's own events: one page of an index that is empty where nobody does. */
export const SOMEBODY_LISTENS = `EXISTS (SELECT FROM endpoints WHERE hears_us AND enabled)`;

/**
 * The part of a settling statement that tells subscribers, so that there is no change without its word, and no word without
 * its change. Goes where a common table expression's body goes.
 *
 * `ended`: what to select from; its rows have id, type, status, dispatch, code, class, attempts. What carries the service's
 * own events tells nothing: its ends are counted, or each event would make another.
 */
export const tellOf = (ended: string): string => `
  INSERT INTO own_events (type, notification_id, dispatch, data)
  SELECT 'posthaste.notification.' || status, id, dispatch,
         jsonb_build_object('status', status, 'code', code, 'class', class, 'attempts', attempts)
    FROM ${ended}
   WHERE status IN (${STATUSES}) AND NOT starts_with(type, 'posthaste.') AND ${SOMEBODY_LISTENS}`;
