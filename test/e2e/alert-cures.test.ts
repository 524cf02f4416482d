import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { AlertKind } from '../../src/alerts/alert-kinds.js';
import { AlertSink, alertsOf } from '../support/alert-sink.js';
import { HookSink } from '../support/hook-sink.js';
import { NO_BUDGET } from '../support/no-budget.js';
import { type ScriptedSmtp, startScriptedSmtp } from '../support/scripted-smtp.js';
import { ROOT } from '../support/service-process.js';
import { BACKENDS, TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

const HERE = 'test/e2e/alert-cures.test.ts';
/** Where each kind is raised by its cause and resolved by its cure, once each. The compiler misses none. */
const SHOWN_BY: Record<AlertKind, string> = {
  dead_letters: HERE,
  in_doubt_parked: 'test/e2e/alerts.test.ts',
  queue_age: HERE,
  queue_growth: HERE,
  outbox_not_draining: HERE,
  overloaded: HERE,
  breaker_open: 'test/e2e/alerts.test.ts',
  channel_down: 'test/e2e/alerts.test.ts',
  configuration_refused: HERE,
  endpoint_disabled: HERE,
  relay_silent: 'test/e2e/alerts.test.ts',
  worker_silent: HERE,
  upkeep_silent: HERE,
  retention_behind: 'test/integration/retention/retention.test.ts', // by its evaluator alone: its cause takes days
  clock_skew: 'test/e2e/alerts.test.ts',
  queue_unavailable: 'test/integration/alerts/telling.test.ts', // beside Redis itself
  queue_unwritable: 'test/integration/alerts/telling.test.ts',
  redis_misconfigured: 'test/integration/alerts/telling.test.ts',
  postgres_not_durable: 'test/integration/alerts/causes.test.ts', // its cause is a setting of PostgreSQL
  postgres_unavailable: 'test/e2e/alerts.test.ts',
};
const CREDENTIALS = { user: 'acme', pass: 'right' };

describe('an alert is raised by its cause and ends with its cure, once each', () => {
  let service: TestService;
  let sink: AlertSink;
  let subscriber: HookSink;
  let smtp: ScriptedSmtp;

  beforeEach(async () => {
    sink = await AlertSink.start();
    subscriber = await HookSink.start();
    smtp = await startScriptedSmtp({ credentials: CREDENTIALS });
  });
  afterEach(async () => {
    await service.stop();
    await Promise.all([sink.stop(), subscriber.stop(), smtp.close()]);
  });

  const deploy = async (more = '', password = 'right', sections = ''): Promise<void> => {
    const url = smtp.url.replace('smtp://', `smtp://acme:${password}@`);
    service = await TestService.create({
      backend: BACKENDS[0]!,
      yaml: `providers:
  - { name: mail, channel: email, kind: smtp, url: "${url}", from: "Acme <no-reply@acme.example>", require_tls: false, ${NO_BUDGET} }
  - { name: hooks, channel: webhook, kind: http, ${NO_BUDGET} }
${sink.section(more)}${sections}`,
    });
  };
  let number = 0;
  const mails = (count: number): Promise<string[]> =>
    service.sendAll(
      Array.from({ length: count }, () => ({
        type: 'welcome',
        recipient: `ada-${++number}@example.com`,
        business_id: 'w-1',
        channel: 'email',
        data: { name: 'Ada' },
      })),
    );
  const hook = async (to: string, more: object = {}): Promise<string> =>
    (
      await service.sendAll([
        {
          type: 'order.shipped',
          recipient: 'ada',
          business_id: `o-${++number}`,
          channel: 'webhook',
          to,
          ...more,
        },
      ])
    )[0]!;
  /** What its target has heard of one cause, all of it, and that one alert is kept of it. */
  const hears = async (key: string, ...events: string[]): Promise<void> => {
    await waitFor(() => sink.eventsOf(key).length >= events.length, {
      within: 90_000,
      what: `${events.join(', ')} of ${key}`,
    });
    expect(sink.eventsOf(key)).toEqual(events);
    expect(await alertsOf(service.pool, key)).toHaveLength(1);
  };
  /** As if it had lasted longer: what must last is seen at once. */
  const aged = async (kind: AlertKind): Promise<void> => {
    const age = () =>
      service.pool.query(
        `UPDATE alert_sightings SET seen_at = seen_at - interval '1 minute' WHERE starts_with(alert_key, $1)`,
        [kind],
      );
    await waitFor(async () => (await age()).rowCount! > 0, { what: `a sighting of ${kind}` });
  };

  it('worker_silent and queue_age: nobody works; a worker is started', async () => {
    await deploy(', queue_age: 1s');
    await service.start('api,relay');
    await mails(1);
    await hears('worker_silent', 'raised');
    await hears('queue_age:mail.transactional', 'raised');
    await service.start('worker');
    await hears('worker_silent', 'raised', 'resolved');
    await hears('queue_age:mail.transactional', 'raised', 'resolved');
    expect(await service.settled()).toEqual({ sent: 1 });
  }, 150_000);

  it('configuration_refused: a password is refused; it is taken', async () => {
    await deploy('', 'changed');
    await service.start();
    await mails(2);
    await hears('configuration_refused:mail', 'raised');
    const { port } = smtp;
    await smtp.close();
    smtp = await startScriptedSmtp({ port, credentials: { user: 'acme', pass: 'changed' } });
    expect(await service.settled(90_000)).toEqual({ sent: 2 });
    await hears('configuration_refused:mail', 'raised', 'resolved');
  }, 180_000);

  it('endpoint_disabled: a subscriber answers 410; the endpoint is enabled again', async () => {
    await deploy();
    await service.start();
    const endpoint = await service.createEndpoint(subscriber.url());
    subscriber.answer = () => 410;
    await hook(endpoint);
    await hears(`endpoint_disabled:${endpoint}`, 'raised');
    subscriber.answer = () => 204;
    expect((await service.request('POST', `/v1/endpoints/${endpoint}/enable`)).status).toBe(200);
    await hears(`endpoint_disabled:${endpoint}`, 'raised', 'resolved');
  }, 120_000);

  it('dead_letters: one dies; a window passes without another', async () => {
    await deploy(', window: 3s');
    await service.start();
    const endpoint = await service.createEndpoint(subscriber.url());
    subscriber.answer = () => 501;
    await hook(endpoint);
    await hears('dead_letters:order.shipped:hooks:permanent', 'raised', 'resolved');
  }, 120_000);

  it('outbox_not_draining: a relay lives and cannot publish, because somebody has locked the table; the lock goes', async () => {
    await deploy();
    await service.start('api');
    await mails(1);
    await service.pool.query(`UPDATE outbox SET available_at = now() - interval '1 minute'`);
    const locker = await service.pool.connect();
    await locker.query('BEGIN; LOCK TABLE outbox IN EXCLUSIVE MODE');
    await service.start('relay,worker');
    await hears('outbox_not_draining:email.transactional', 'raised');
    expect(smtp.messages).toHaveLength(0);
    await locker.query('ROLLBACK');
    locker.release();
    await hears('outbox_not_draining:email.transactional', 'raised', 'resolved');
    expect(await service.settled()).toEqual({ sent: 1 });
  }, 150_000);

  it('overloaded: too much waits and the door refuses; it is worked off', async () => {
    await deploy('', 'right', 'limits: { max_waiting: { transactional: 10 }, key_share: 1 }\n');
    await service.start('api');
    await mails(10);
    const one = { type: 'welcome', recipient: 'late@example.com', business_id: 'w-1', channel: 'email' };
    const post = () => service.request('POST', '/v1/notifications', { ...one, data: { name: 'Ada' } });
    await waitFor(async () => (await post()).status === 503, { what: 'a refusal' });
    expect((await post()).body).toMatchObject({ status: 503, code: 'overloaded' });
    await hears('overloaded:transactional', 'raised');
    await service.start('relay,worker');
    // Seldom: each refusal counts, and ten times as many would be told as more of it.
    await waitFor(async () => (await post()).status < 300, {
      within: 60_000,
      every: 1_000,
      what: 'the door open',
    });
    await hears('overloaded:transactional', 'raised', 'resolved');
  }, 180_000);

  it('upkeep_silent: a process that hangs holds the turn of an upkeep service; it ends', async () => {
    await deploy();
    await service.start();
    const { body } = await service.request('POST', '/v1/endpoints', {
      url: subscriber.url(),
      types: ['none.*'],
      enabled: false,
    });
    const hanging = await service.pool.connect();
    await hanging.query(`SELECT pg_advisory_lock(20552, hashtext('overdue'))`);
    await hook(body.id as string, { expires_in: '1s' });
    await service.pool.query(`UPDATE outbox SET overdue_at = overdue_at - interval '2 minutes'`);
    await aged('upkeep_silent');
    await hears('upkeep_silent', 'raised');
    await hanging.query('SELECT pg_advisory_unlock_all()');
    hanging.release();
    await hears('upkeep_silent', 'raised', 'resolved');
    expect(await service.countByStatus()).toEqual({ expired: 1 });
  }, 120_000);

  it('queue_growth: for minutes more comes in than goes out; it is worked off', async () => {
    await deploy();
    await service.start('api');
    const samples = async (): Promise<number> =>
      (
        await service.pool.query(
          `SELECT count(*)::integer AS n FROM queue_samples WHERE channel = 'email' AND lane = 'transactional'`,
        )
      ).rows[0].n;
    /** A sample now, as if half a minute had passed since the last one. */
    const sample = async (): Promise<void> => {
      const before = await samples();
      await service.pool.query(`UPDATE queue_samples SET at = at - interval '30 s'`);
      await service.pool.query(`UPDATE alert_turns SET free_at = now() WHERE name = 'queue samples'`);
      await waitFor(async () => (await samples()) > before, { what: 'a sample' });
    };
    for (let minutes = 0; minutes < 5.5; minutes += 0.5) {
      await mails(150);
      await sample();
    }
    await hears('queue_growth:email.transactional', 'raised');
    await service.start('relay,worker');
    await service.settled(120_000);
    await sample();
    await hears('queue_growth:email.transactional', 'raised', 'resolved');
  }, 240_000);
});

describe('every kind of alert', () => {
  it.each(Object.entries(SHOWN_BY))('%s is shown by a test', (kind, file) => {
    expect(readFileSync(join(ROOT, file), 'utf8')).toContain(kind);
  });
});
