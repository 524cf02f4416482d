import type { PoolClient } from 'pg';

import { patternsFitting } from '../../domain/event-type.js';
import type { Subscriber } from '../event.js';

/** Of an event, all that says who subscribed to it. */
export interface Matchable {
  type: string;
  recipient: string | null;
}

/** `at`: which of the events. */
export interface Match extends Subscriber {
  at: number;
}

/** Held in memory, and written by one statement. */
export const CHUNK = 500;

/**
 * Who subscribed to these events: the endpoints of an event's recipient, and those that listen to everybody, as far as one
 * of their patterns fits.
 *
 * A type is spelt out as the patterns it fits, so that nothing is compared row by row: `endpoints_of_recipient` finds a
 * recipient's few, `endpoints_of_everybody` (GIN) the others. A cursor, because it sees one state of the table however long
 * it is read, and looks at the index once; a page by `id > last` would do so again for each.
 */
const MATCH = `
  DECLARE matching NO SCROLL CURSOR FOR
  SELECT i.at - 1 AS at, e.id AS "endpointId", e.of_recipient AS "isOfRecipient"
    FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS i (patterns, recipient, at)
   CROSS JOIN LATERAL (
     SELECT id, true AS of_recipient FROM endpoints
      WHERE recipient = i.recipient AND enabled AND types && string_to_array(i.patterns, ' ')
      UNION ALL
     SELECT id, false FROM endpoints
      WHERE recipient IS NULL AND enabled AND types && string_to_array(i.patterns, ' ')) AS e`;

/** In chunks of at most CHUNK, the last of which may be empty. One at a time in a transaction. */
export async function* matchEndpoints(tx: PoolClient, events: readonly Matchable[]): AsyncGenerator<Match[]> {
  await tx.query(MATCH, [
    events.map(({ type }) => patternsFitting(type).join(' ')),
    events.map(({ recipient }) => recipient),
  ]);
  for (let isLast = false; !isLast;) {
    const { rows } = await tx.query<Match>(`FETCH ${CHUNK} FROM matching`);
    isLast = rows.length < CHUNK;
    yield rows.map((row) => ({ ...row, at: Number(row.at) }));
  }
  await tx.query('CLOSE matching');
}
