// `node --import`: the claim no longer asks the outbox, so that every hint, stale or not, may send. The harness must see it.
import { writeSync } from 'node:fs';

import pg from 'pg';

const GUARD =
  /WITH taken AS \(\s*DELETE FROM outbox[^]*?RETURNING notification_id, dispatch, available_at, published_at\s*\)/;
const NO_GUARD = `
  WITH gone AS (DELETE FROM outbox WHERE notification_id = ANY ($1::uuid[])),
  taken AS (SELECT *, now() AS available_at, now() AS published_at
              FROM unnest($1::uuid[], $2::integer[]) AS hint (notification_id, dispatch))`;

const { query } = pg.Client.prototype;
pg.Client.prototype.query = function (first, ...rest) {
  if (first?.name !== 'claim') return query.call(this, first, ...rest);
  return query.call(this, Object.assign(first, { text: withoutGuard(first.text) }), ...rest);
};

/** A claim written otherwise would keep its guard, and the proof would prove nothing. */
function withoutGuard(text) {
  if (text.includes('WITH gone AS')) return text;
  const open = text.replace(GUARD, NO_GUARD);
  if (open !== text) return open;
  writeSync(2, 'The claim has no guard of the shape that this fault removes.\n');
  process.exit(70);
}
