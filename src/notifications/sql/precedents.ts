import { CONTENT_CHANGED } from '../claimed.js';

/**
 * The attempts of a notification that a repetition must know of: those whose end nobody knows, and those refused because their
 * content had changed. `id`: an expression for its id; `isWanted`: one that spares those that cannot have any the look.
 */
export const PRECEDENTS = (id: string, isWanted: string): string =>
  `(SELECT json_agg(json_build_object('provider', p.provider, 'startedAt', p.started_at, 'outcome', p.outcome,
                                      'digest', encode(p.content_digest, 'hex')) ORDER BY p.number)
      FROM attempts p
     WHERE ${isWanted} AND p.notification_id = ${id} AND (p.outcome = 'in_doubt' OR p.code = '${CONTENT_CHANGED}'))`;
