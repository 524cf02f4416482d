import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { toPublicId } from '../../../src/domain/public-id.js';
import { AlertSink, alertsOf } from '../../support/alert-sink.js';
import { ALL_CHANNELS, startApp, type TestApp } from '../../support/app.js';
import { waitFor } from '../../support/wait-for.js';

const NOBODY = '00000000-0000-7000-8000-000000000000';

/** What makes it so, and what mends it, as the service's own parts would write it. */
interface Cause {
  key: string;
  cause: string;
  cure: string;
}

const gate = (provider: string, heldBy: string) => ({
  cause: `INSERT INTO gates (kind, key, held_by, held_until) VALUES ('provider', '${provider}', '${heldBy}', now() + interval '1 hour')`,
  cure: `DELETE FROM gates WHERE key = '${provider}' AND held_by = '${heldBy}'`,
});
const doubt = (age: string) => ({
  cause: `INSERT INTO undelivered (notification_id, status, type, channel, provider, class, since)
          VALUES ('${NOBODY}', 'in_doubt', 'otp.code', 'sms', 'texts', 'in_doubt', now() - interval '${age}')`,
  cure: `DELETE FROM undelivered WHERE notification_id = '${NOBODY}'`,
});
const due = (channel: string, age: string, published = '') => ({
  cause: `INSERT INTO outbox (notification_id, channel, lane, kind, available_at, overdue_at, published_at, queue)
          VALUES (gen_random_uuid(), '${channel}', 'transactional', 'first', now() - interval '${age}', now() + interval '1 day', ${
            published === '' ? 'NULL, NULL' : `now(), '${published}'`
          })`,
  cure: `DELETE FROM outbox`,
});

const CAUSES: Cause[] = [
  { key: 'breaker_open:mail', ...gate('mail', 'breaker') },
  { key: 'configuration_refused:texts', ...gate('texts', 'configuration') },
  { key: 'channel_down:email', ...gate('mail', 'breaker') },
  { key: 'in_doubt_parked:otp.code:texts', ...doubt('20 minutes') },
  { key: 'queue_age:email.transactional', ...due('email', '2 minutes') },
  { key: 'queue_age:mail.transactional', ...due('email', '2 minutes', 'mail.transactional') },
  { key: 'outbox_not_draining:sms.transactional', ...due('sms', '40 seconds') },
  { key: 'relay_silent', ...due('email', '20 seconds') },
  { key: 'worker_silent', ...due('email', '20 seconds', 'mail.transactional') },
  {
    key: `endpoint_disabled:${toPublicId('endpoint', NOBODY)}`,
    cause: `INSERT INTO endpoints (id, url, types, secret, enabled, disabled_at, disabled_reason)
            SELECT id, 'https://a.example/hook', '{*}', '', false, now(), reason
              FROM (VALUES ('${NOBODY}'::uuid, 'gone'), (gen_random_uuid(), 'owner')) AS off (id, reason)`,
    cure: `DELETE FROM endpoints`,
  },
  {
    key: 'upkeep_silent',
    cause: `INSERT INTO attempts (notification_id, number, dispatch, worker_id, provider, started_at)
            VALUES ('${NOBODY}', 1, 1, '${NOBODY}', 'mail', now() - interval '5 minutes')`,
    cure: `DELETE FROM attempts`,
  },
  {
    key: 'clock_skew:elsewhere',
    cause: `INSERT INTO processes (id, roles, host, pid, version, renewed_at, clock_offset_ms)
            VALUES ('${NOBODY}', '{api}', 'elsewhere', 1, 'test', now() + interval '1 hour', -3600000)`,
    cure: `DELETE FROM processes WHERE host = 'elsewhere'`,
  },
  {
    key: 'queue_growth:email.bulk',
    cause: `UPDATE alert_turns SET free_at = now() + interval '1 hour' WHERE name = 'queue samples';
            DELETE FROM queue_samples;
            INSERT INTO queue_samples (channel, lane, at, due)
            SELECT 'email', 'bulk', now() - i * interval '30 s', 5000 - i * 400 FROM generate_series(0, 10) AS i`,
    cure: `DELETE FROM queue_samples`,
  },
  {
    key: 'overloaded:bulk',
    cause: `INSERT INTO refusals (lane, api_key_id, refused) VALUES ('bulk', '', 7)`,
    cure: `UPDATE refusals SET last_at = now() - interval '1 minute'`, // nobody was refused since
  },
  {
    key: 'postgres_not_durable:synchronous_commit',
    cause: `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$`,
    cure: `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I RESET synchronous_commit', current_database()); END $$`,
  },
];

describe('an alert', () => {
  let app: TestApp;
  let sink: AlertSink;

  beforeAll(async () => {
    sink = await AlertSink.start();
    app = await startApp({ yaml: ALL_CHANNELS + sink.section(', window: 500ms') });
  });
  afterAll(async () => {
    await app.stop();
    await sink.stop();
  });

  /** Settings of a database hold for connections made after them. */
  const reconnect = () =>
    app.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'posthaste'`,
    );
  /** As if what was seen had been seen a minute ago. */
  const age = (key: string) =>
    app.pool.query(
      `UPDATE alert_sightings SET seen_at = seen_at - interval '1 minute' WHERE alert_key = $1`,
      [key],
    );
  const isOpen = async (key: string) =>
    (await alertsOf(app.pool, key)).some(({ resolved_at }) => resolved_at === null);

  it.each(CAUSES)('$key is raised by its cause, resolved by its cure, and told once each', async (one) => {
    const before = sink.eventsOf(one.key).length;
    await app.pool.query(one.cause);
    if (one.key.startsWith('postgres')) await reconnect();
    await waitFor(() => age(one.key).then(() => isOpen(one.key)), { what: 'the alert' });
    await waitFor(() => sink.eventsOf(one.key).length === before + 1, { what: 'its telling' });
    await app.pool.query(one.cure);
    if (one.key.startsWith('postgres')) await reconnect();
    await waitFor(async () => !(await isOpen(one.key)), { what: 'its end' });
    await waitFor(() => sink.eventsOf(one.key).length === before + 2, { what: 'the telling of its end' });
    expect(sink.eventsOf(one.key).slice(before)).toEqual(['raised', 'resolved']);
  });

  it('of each endpoint that is switched off is one of its own, and of very many one for the rest', async () => {
    const open = async () =>
      (
        await app.pool.query(
          `SELECT alert_key AS key, count::integer FROM alerts WHERE resolved_at IS NULL AND kind = 'endpoint_disabled' ORDER BY 1`,
        )
      ).rows as { key: string; count: number }[];
    await app.pool.query(
      `INSERT INTO endpoints (id, url, types, secret, enabled, disabled_at, disabled_reason)
       SELECT gen_random_uuid(), 'https://a.example/hook', '{*}', '', false, now() - n * interval '1 s', 'gone'
         FROM generate_series(1, 203) AS n`,
    );
    await waitFor(async () => (await open()).length === 201, { what: 'two hundred and one' });
    expect((await open()).filter(({ count }) => count !== 1)).toEqual([
      { key: 'endpoint_disabled:more:gone', count: 3 },
    ]);
    await app.pool.query('DELETE FROM endpoints');
    await waitFor(async () => (await open()).length === 0, { what: 'their end' });
  });

  it('leaves alone what is young, for later, paused, or held by a gate that has its own alert', async () => {
    await app.pool.query(doubt('1 minute').cause);
    await app.pool.query(due('email', '-5 minutes').cause);
    await app.pool.query(due('sms', '2 minutes').cause);
    await app.pool.query(gate('texts', 'pause').cause);
    const look = async () =>
      (await app.pool.query(`SELECT turn::integer FROM alert_turns WHERE name = 'look'`)).rows[0].turn;
    const seen = await look();
    await waitFor(async () => (await look()) > seen + 3, { what: 'three more looks' });
    expect(await alertsOf(app.pool, 'queue_age:sms.transactional')).toEqual([]);
    const { rows } = await app.pool.query('SELECT alert_key FROM alerts WHERE resolved_at IS NULL');
    expect(rows).toEqual([]);
  });
});
