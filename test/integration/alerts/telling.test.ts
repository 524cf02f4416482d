import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { AlertSink, alertsOf } from '../../support/alert-sink.js';
import { ALL_CHANNELS, startApp, type TestApp } from '../../support/app.js';
import { HookSink } from '../../support/hook-sink.js';
import { hasRedisServer, startRedis } from '../../support/redis.js';
import { startScriptedSmtp } from '../../support/scripted-smtp.js';
import { waitFor } from '../../support/wait-for.js';

/** Processes on one database open what the others have sealed. */
const ONE_KEY = { ENCRYPTION_KEY: Buffer.alloc(32, 1).toString('base64') };
const SKEWED = '00000000-0000-7000-8000-000000000000';
const SKEW = 'clock_skew:elsewhere';
const DEATHS = 'dead_letters:welcome:mail:permanent';

describe('what a target hears', () => {
  let app: TestApp;
  let sink: AlertSink;
  let second: HookSink | undefined;

  beforeEach(async () => {
    sink = await AlertSink.start();
  });
  afterEach(async () => {
    await app.stop();
    await sink.stop();
    await second?.stop();
    second = undefined;
  });

  const begin = async (yaml = sink.section()) => {
    app = await startApp({ yaml: ALL_CHANNELS + yaml, env: ONE_KEY });
  };
  const skew = () =>
    app.pool.query(
      `INSERT INTO processes (id, roles, host, pid, version, renewed_at, clock_offset_ms)
       VALUES ($1, '{api}', 'elsewhere', 1, 'test', now() + interval '1 hour', 60000)`,
      [SKEWED],
    );
  const mend = () => app.pool.query(`DELETE FROM processes WHERE id = $1`, [SKEWED]);
  const die = (count: number) =>
    app.pool.query(
      `INSERT INTO undelivered (notification_id, status, type, channel, provider, class)
       SELECT gen_random_uuid(), 'dead', 'welcome', 'email', 'mail', 'permanent' FROM generate_series(1, $1)`,
      [count],
    );
  const openAlert = async (key: string) =>
    waitFor(
      async () =>
        (await app.request('get', '/v1/admin/alerts').query({ state: 'open' })).body.items.find(
          (one: { key: string }) => one.key === key,
        ),
      { what: `an open ${key}` },
    );
  /** So that what does not come has had its chances. */
  const looks = async (count: number) => {
    const turn = async () =>
      (await app.pool.query(`SELECT turn::integer FROM alert_turns WHERE name = 'look'`)).rows[0]?.turn ?? 0;
    const seen = await turn();
    await waitFor(async () => (await turn()) >= seen + count, { what: `${count} looks` });
  };

  it('is told of dead letters at the first, the tenth and the hundredth, and of their end', async () => {
    await begin();
    await die(1);
    await waitFor(() => sink.told.length === 1, { what: 'the first' });
    await die(8);
    await looks(2);
    await die(1);
    await waitFor(() => sink.told.length === 2, { what: 'the tenth' });
    await die(90);
    await waitFor(() => sink.told.length === 3, { what: 'the hundredth' });
    await app.pool.query(`DELETE FROM undelivered`);
    await waitFor(() => sink.told.length === 4, { what: 'the end' });
    expect(sink.told.map(({ event, key, count }) => [event, key, count])).toEqual([
      ['raised', DEATHS, 1],
      ['repeated', DEATHS, 10],
      ['repeated', DEATHS, 100],
      ['resolved', DEATHS, 100],
    ]);
    expect(sink.hooks.doubled).toEqual([]);
  });

  it('hears of ten thousand deaths at once as of one', async () => {
    await begin();
    await die(10_000);
    await waitFor(() => sink.told.length === 1, { what: 'the alert' });
    await looks(3);
    expect(sink.told).toMatchObject([{ event: 'raised', count: 10_000 }]);
  });

  it('hears nothing again of what somebody has acknowledged, but its end', async () => {
    await begin();
    await die(1);
    const { id } = await openAlert(DEATHS);
    const path = `/v1/admin/alerts/${id}/acknowledge`;
    const first = await app.request('post', path).send({ reason: 'looking' }).expect(200);
    expect(first.body).toMatchObject({ state: 'acknowledged' });
    const again = await app.request('post', path).send({}).expect(200);
    expect(again.body.acknowledged_at).toBe(first.body.acknowledged_at);
    const audit = await app.request('get', '/v1/admin/audit').query({ target: id }).expect(200);
    expect(audit.body.items).toMatchObject([{ action: 'alert.acknowledge', reason: 'looking' }]);
    await die(99);
    await looks(3);
    await app.pool.query(`DELETE FROM undelivered`);
    await waitFor(() => sink.eventsOf(DEATHS).includes('resolved'), { what: 'the end' });
    expect(sink.eventsOf(DEATHS)).toEqual(['raised', 'resolved']);
    await app.request('post', '/v1/admin/alerts/alr_nothing/acknowledge').send({}).expect(404);
  });

  it('is not flooded by what flaps: the second time it stays open until a window without it', async () => {
    await begin();
    for (const expected of [2, 3]) {
      await skew();
      await openAlert(SKEW);
      await mend();
      if (expected === 2) await waitFor(() => sink.told.length === 2, { what: 'the first end' });
    }
    for (let times = 0; times < 2; times++) {
      await looks(1);
      await skew();
      await looks(2);
      await mend();
    }
    await looks(2);
    expect(sink.eventsOf(SKEW)).toEqual(['raised', 'resolved', 'raised']);
    expect(await alertsOf(app.pool, SKEW)).toMatchObject([{}, { resolved_at: null }]);
  });

  it('hears it once, however many processes look and tell', async () => {
    await begin();
    const others = await Promise.all(
      [1, 2].map(() =>
        startApp({ yaml: ALL_CHANNELS + sink.section(), databaseUrl: app.databaseUrl, env: ONE_KEY }),
      ),
    );
    try {
      await skew();
      await waitFor(() => sink.told.length === 1, { what: 'the alert' });
      await mend();
      await waitFor(() => sink.told.length === 2, { what: 'the end' });
      await looks(3);
      expect(sink.eventsOf(SKEW)).toEqual(['raised', 'resolved']);
      expect(await alertsOf(app.pool, SKEW)).toHaveLength(1);
    } finally {
      await Promise.all(others.map((other) => other.stop()));
    }
  });

  it('hears it when it is back: raised, then resolved, each once, and no other target has waited', async () => {
    const other = (second = await HookSink.start());
    await begin(
      `alerts: { quiet: 500ms, to: [ { kind: webhook, url: "${sink.hooks.url()}" }, { kind: slack, url: "${other.url()}" } ] }\n`,
    );
    sink.hooks.answer = () => 503;
    await skew();
    const alert = await waitFor(
      async () => {
        const seen = await openAlert(SKEW);
        return seen.targets[1]?.state === 'failing' && seen.targets[0]?.state === 'told' ? seen : undefined;
      },
      { what: 'a target that fails' },
    );
    expect(alert.targets).toMatchObject([
      { name: 'slack', state: 'told' },
      { name: 'webhook', state: 'failing', last_error: 'http_503' },
    ]);
    expect(JSON.parse(other.arrivals[0]!.body).text).toContain('The clock of elsewhere');
    await mend();
    await waitFor(() => other.arrivals.length === 2, { what: 'the other hears of the end' });
    sink.hooks.answer = () => 204;
    const since = sink.hooks.arrivals.length;
    await waitFor(() => sink.hooks.arrivals.length >= since + 2, { within: 30_000, what: 'both' });
    await looks(2);
    expect(sink.told.slice(since).map(({ event }) => event)).toEqual(['raised', 'resolved']);
    const ids = new Set(sink.told.map(({ id }) => id));
    expect(ids.size).toBe(2); // however often it was tried
    const metrics = (await app.bare('get', '/metrics')).text;
    expect(metrics).toMatch(/posthaste_alert_calls_total\{target="webhook",result="failed"\} [1-9]/);
  });

  it('hears what was owed to it from the next process, when the first is gone', async () => {
    await begin();
    sink.hooks.answer = () => 'hang';
    await skew();
    await waitFor(() => sink.told.length === 1, { what: 'a call that hangs' });
    sink.hooks.answer = () => 204;
    await app.restart({ yaml: ALL_CHANNELS + sink.section() });
    await waitFor(() => sink.told.length === 2, { what: 'the same again' });
    expect(new Set(sink.told.map(({ id }) => id)).size).toBe(1);
  });

  it('is not the only one: who subscribes to posthaste.alert.* is told, too', async () => {
    await begin();
    await app
      .request('post', '/v1/endpoints')
      .send({ url: sink.hooks.url('/subscriber'), types: ['posthaste.alert.*'] })
      .expect(201);
    await skew();
    await openAlert(SKEW);
    await mend();
    await waitFor(() => sink.told.length === 2, { what: 'both' });
    const { rows } = await app.pool.query(
      `SELECT type, data ->> 'key' AS key, data ->> 'severity' AS severity FROM own_events ORDER BY id`,
    );
    expect(rows).toEqual([
      { type: 'posthaste.alert.raised', key: SKEW, severity: 'warning' },
      { type: 'posthaste.alert.resolved', key: SKEW, severity: 'warning' },
    ]);
  });

  it('can tell by the signature that it is ours', async () => {
    const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
    await begin(
      `alerts: { to: [ { kind: webhook, name: pager, url: "${sink.hooks.url()}", secret: "${secret}" } ] }\n`,
    );
    await skew();
    const arrival = await waitFor(() => sink.hooks.arrivals[0], { what: 'the alert' });
    const verified = new Webhook(secret).verify(arrival.body, arrival.headers as Record<string, string>);
    expect(verified).toMatchObject({ type: 'posthaste.alert.raised', data: { kind: 'clock_skew' } });
  });

  it('gets mail straight from a provider, and from the next one when the first is down', async () => {
    const smtp = await startScriptedSmtp();
    try {
      app = await startApp({
        yaml: `providers:
  - { name: down, channel: email, kind: smtp, url: "smtp://127.0.0.1:9", from: "Test <test@posthaste.example>" }
  - { name: up, channel: email, kind: smtp, url: "${smtp.url}", from: "Test <test@posthaste.example>", priority: 2 }
alerts: { to: [ { kind: email, to: ops@acme.example } ] }\n`,
      });
      await skew();
      await waitFor(() => smtp.messages.length === 1, { what: 'the mail' });
      expect(await app.pool.query('SELECT FROM notifications')).toMatchObject({ rowCount: 0 });
      const { rows } = await app.pool.query(
        `SELECT a.*, d.* FROM alerts a JOIN alert_deliveries d ON d.alert_id = a.id`,
      );
      expect(JSON.stringify(rows)).not.toContain('ops@acme.example');
    } finally {
      await smtp.close();
    }
  });

  it('calls the heartbeat once a minute for the whole installation', async () => {
    const heart = await HookSink.start();
    try {
      await begin(`alerts: { heartbeat_url: "${heart.url('/beat')}" }\n`);
      await waitFor(() => heart.arrivals.length === 1, { what: 'a beat' });
      await looks(4);
      expect(heart.arrivals).toHaveLength(1);
      await app.pool.query(`UPDATE alert_turns SET free_at = now() WHERE name = 'heartbeat'`);
      await waitFor(() => heart.arrivals.length === 2, { what: 'the next beat' });
    } finally {
      await heart.stop();
    }
  });

  it.runIf(hasRedisServer())('hears that Redis would lose hints, takes none, or is away', async () => {
    const redis = await startRedis();
    const { Redis } = await import('ioredis');
    const admin = new Redis(redis.url);
    try {
      app = await startApp({ yaml: ALL_CHANNELS + sink.section(), env: { REDIS_URL: redis.url } });
      await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
      await openAlert('redis_misconfigured:maxmemory-policy');
      await admin.config('SET', 'maxmemory-policy', 'noeviction');
      await admin.config('SET', 'maxmemory', '1');
      await openAlert('queue_unwritable');
      await admin.config('SET', 'maxmemory', '0');
      await waitFor(() => sink.told.filter(({ event }) => event === 'resolved').length === 2, {
        what: 'both ends',
      });
      redis.pause();
      await openAlert('queue_unavailable');
      redis.resume();
      await waitFor(() => sink.eventsOf('queue_unavailable').includes('resolved'), { what: 'its return' });
      expect(sink.eventsOf('queue_unavailable')).toEqual(['raised', 'resolved']);
      expect(sink.eventsOf('queue_unwritable')).toEqual(['raised', 'resolved']);
    } finally {
      admin.disconnect();
      await redis.end();
    }
  });
});
