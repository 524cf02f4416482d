import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { HookSink } from '../support/hook-sink.js';
import { type ScriptedSmtp, startScriptedSmtp } from '../support/scripted-smtp.js';
import { BACKENDS, TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

const MINIMUM = 5;
const CONCURRENCY = 5;
const BREAKER = `concurrency: ${CONCURRENCY}, breaker: { error_rate: 0.5, minimum: ${MINIMUM}, window: 60s, reset: 2s }`;
const QUICK = 'retry: { retries: 20, base: 50ms, factor: 1, slow: [] }';
const yaml = (first: string, second: string | undefined) => `
providers:
  - { name: first, channel: email, kind: smtp, url: "${first}", from: "Acme <no-reply@acme.example>", priority: 1, ${BREAKER} }
${second ? `  - { name: second, channel: email, kind: smtp, url: "${second}", from: "Acme <no-reply@acme.example>", priority: 2, ${BREAKER} }` : ''}
  - { name: hooks, channel: webhook, kind: http, per_endpoint_concurrency: 2, timeout: 1s, breaker: { reset: 2s } }
types:
  welcome: { ${QUICK} }
  order.shipped: { ${QUICK} }
`;

describe.each(BACKENDS)('a provider that fails is left alone (%s)', (backend) => {
  let service: TestService;
  let sink: HookSink;
  let first: ScriptedSmtp;
  let second: ScriptedSmtp;

  beforeEach(async () => {
    sink = await HookSink.start();
    first = await startScriptedSmtp();
    second = await startScriptedSmtp();
  });

  afterEach(async () => {
    await service.stop();
    await Promise.all([sink.stop(), first.close(), second.close()]);
  });

  const deploy = async (secondUrl: string | undefined) => {
    service = await TestService.create({ backend, yaml: yaml(first.url, secondUrl) });
    await service.start();
  };
  const mails = (count: number, run: string) =>
    Array.from({ length: count }, (_, i) => ({
      type: 'welcome',
      recipient: `ada-${i}@example.com`,
      business_id: run,
      channel: 'email',
      data: { name: 'Ada' },
    }));
  /** The server goes away, and comes back on the same port. */
  const goAway = async () => {
    const { port } = first;
    await first.close();
    return async () => {
      first = await startScriptedSmtp({ port });
    };
  };
  const attemptsAt = async (provider: string): Promise<number> => {
    const { rows } = await service.pool.query(
      'SELECT count(*)::integer AS count FROM attempts WHERE provider = $1',
      [provider],
    );
    return rows[0].count;
  };
  const gates = async () =>
    (await service.pool.query('SELECT kind, held_by FROM gates WHERE held_until > now()')).rows;

  it('gives its work to the next, and comes back to it by a single call', async () => {
    await deploy(second.url);
    const comeBack = await goAway();
    await service.sendAll(mails(100, 'while the first is away'));
    expect(await service.settled()).toEqual({ sent: 100 });
    expect(second.messages).toHaveLength(100);
    // What was under way when it opened, and a probe each time its reset was over.
    expect(await attemptsAt('first')).toBeLessThanOrEqual(MINIMUM + 2 * CONCURRENCY);
    await comeBack();
    let round = 0;
    await waitFor(
      async () => {
        await service.sendAll(mails(1, `round ${++round}`));
        await service.settled();
        return first.messages.length > 0;
      },
      { within: 20_000, every: 500, what: 'the first in use again' },
    );
    expect(await gates()).toEqual([]);
    await service.sendAll(mails(20, 'after it came back'));
    await service.settled();
    expect(first.messages.length).toBeGreaterThanOrEqual(20);
  }, 90_000);

  it('burns no attempts of what waits while there is nobody else, and says what it waits for', async () => {
    await deploy(undefined);
    const comeBack = await goAway();
    const ids = await service.sendAll(mails(100, 'alone'));
    await waitFor(async () => (await gates()).some((gate) => gate.held_by === 'breaker'), {
      what: 'the gate held',
    });
    await waitFor(
      async () =>
        (await service.pool.query('SELECT FROM outbox WHERE published_at IS NOT NULL')).rowCount === 0,
      { what: 'the window handed back' },
    );
    const atHold = await attemptsAt('first');
    expect(atHold).toBeLessThanOrEqual(MINIMUM + 2 * CONCURRENCY);
    // Three resets pass: a probe each, and nothing else.
    await waitFor(async () => (await attemptsAt('first')) >= atHold + 3, {
      within: 20_000,
      what: 'three probes',
    });
    const untried = await waitFor(async () => {
      const { rows } = await service.pool.query('SELECT id FROM notifications WHERE attempts = 0');
      return rows.length >= 100 - atHold - 5 ? rows.length : undefined;
    });
    expect(untried).toBeGreaterThan(70);
    const told = (await service.request('GET', `/v1/notifications/${ids.at(-1)}`)).body.next;
    expect(['breaker', 'retry_timer', 'outbox', 'queue']).toContain(told.waiting_for);
    await comeBack();
    expect(await service.settled()).toEqual({ sent: 100 });
    expect(first.messages).toHaveLength(100);
  }, 90_000);

  it('leaves one dead endpoint alone while fifty others get theirs', async () => {
    await deploy(undefined);
    const dead = await service.createEndpoint(sink.url('/dead'));
    const healthy = await Promise.all(
      Array.from({ length: 50 }, (_, i) => service.createEndpoint(sink.url(`/healthy-${i}`))),
    );
    sink.answer = ({ path }) => (path === '/dead' ? 503 : 204);
    const hooks = (to: string, count: number) =>
      Array.from({ length: count }, (_, i) => ({
        type: 'order.shipped',
        recipient: 'ada',
        business_id: `${to}-${i}`,
        channel: 'webhook',
        to,
      }));
    const waiting = await service.sendAll(hooks(dead, 200));
    await service.sendAll(healthy.flatMap((to) => hooks(to, 20)));
    await waitFor(() => sink.arrivals.filter(({ path }) => path !== '/dead').length === 1_000, {
      within: 30_000,
      what: 'all that is for the healthy',
    });
    await waitFor(async () => (await gates()).some((gate) => gate.kind === 'endpoint'), {
      what: 'the endpoint held',
    });
    const calls = sink.arrivals.filter(({ path }) => path === '/dead').length;
    expect(calls).toBeLessThan(40); // until it opened, and probes since; two hundred wait
    sink.answer = () => 204;
    await service.settled();
    expect(waiting.every((id) => sink.times.has(id))).toBe(true);
  }, 90_000);
});
