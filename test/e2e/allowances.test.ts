import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { HookSink } from '../support/hook-sink.js';
import { MailApi, mostWithin } from '../support/mail-api.js';
import { type ScriptedSmtp, startScriptedSmtp } from '../support/scripted-smtp.js';
import { BACKENDS, TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

const FROM = 'from: "Acme <no-reply@acme.example>"';
const RATE = 20;
const CONCURRENCY = 20;

const mails = (count: number, more: (i: number) => object = () => ({})) =>
  Array.from({ length: count }, (_, i) => ({
    type: 'welcome',
    recipient: `ada-${i}@example.com`,
    business_id: 'one',
    channel: 'email',
    data: { name: 'Ada' },
    ...more(i),
  }));

/** Those that came before a full bucket and the rate allow, by milliseconds since all were accepted: pauses only make them later. */
const beyondRate = (arrivals: readonly number[], ratePerSecond: number): number[] =>
  arrivals.filter((at, i) => i + 1 > ratePerSecond * (1 + at / 1_000) + 1);

describe.each(BACKENDS)('what a provider may be given (%s)', (backend) => {
  let service: TestService;
  let smtp: ScriptedSmtp;
  let sink: HookSink;
  let heavy: MailApi;
  let light: MailApi;

  beforeEach(async () => {
    smtp = await startScriptedSmtp();
    sink = await HookSink.start();
    [heavy, light] = [await MailApi.start(), await MailApi.start()];
  });

  afterEach(async () => {
    await service.stop();
    await Promise.all([smtp.close(), sink.stop(), heavy.goAway(), light.goAway()]);
  });

  it('keeps a provider’s rate over two relays and two workers, and delivers all', async () => {
    service = await TestService.create({
      backend,
      yaml: `
providers:
  - { name: rated, channel: email, kind: smtp, url: "${smtp.url}", ${FROM}, require_tls: false, concurrency: ${CONCURRENCY}, rate: ${RATE}/s }
`,
    });
    await service.start('api');
    // The bucket is fifteen seconds short, so that there is time to ask what the last of them waits for.
    await service.pool.query(
      `INSERT INTO allowances (kind, key, tokens, filled_at) VALUES ('provider', 'rated', $1, now() + interval '5 s')`,
      [-10 * RATE],
    );
    const ids = await service.sendAll(mails(200));
    const { next } = (await service.request('GET', `/v1/notifications/${ids.at(-1)}`)).body;
    expect(next).toMatchObject({ action: 'send', waiting_for: 'rate_limit', at: expect.any(String) });
    expect(next.reason).toContain('rated takes 20/s');
    const began = performance.now();
    const { url } = await service.start('relay,worker');
    await service.start('relay,worker');
    await waitFor(() => smtp.messages.length > 0, { what: 'the first of them' });
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/^posthaste_rate_tokens\{provider="rated"\} [\d.e-]+$/m);
    expect(metrics).toMatch(/^posthaste_retry_budget_left\{provider="rated"\} \d+$/m);
    expect(metrics).toContain('posthaste_ramp_rate_per_second{provider="rated"} 0');
    expect(await service.settled()).toEqual({ sent: 200 });
    expect(smtp.messages).toHaveLength(200);
    const arrivals = smtp.messages.map(({ at }) => at - began);
    expect(beyondRate(arrivals, RATE)).toEqual([]);
    // What a pause of the machine can hold back and let go at once: the window, and the calls of both workers.
    expect(mostWithin(arrivals, 1_000)).toBeLessThanOrEqual(2 * RATE + 2 * RATE + 2 * CONCURRENCY);
  }, 90_000);

  it('keeps an endpoint’s rate while another endpoint has none', async () => {
    service = await TestService.create({ backend });
    await service.start();
    const { body: slow } = await service.request('POST', '/v1/endpoints', {
      url: sink.url('/slow'),
      types: ['*'],
      rate_limit: '5/s',
    });
    const fast = await service.createEndpoint(sink.url('/fast'));
    const hooks = (to: string, count: number) =>
      Array.from({ length: count }, (_, i) => ({
        type: 'order.shipped',
        recipient: 'ada',
        business_id: `${to}-${i}`,
        channel: 'webhook',
        to,
      }));
    const began = Date.now();
    await service.sendAll([...hooks(slow.id as string, 40), ...hooks(fast, 200)]);
    await waitFor(() => sink.arrivals.filter(({ path }) => path === '/fast').length === 200, {
      within: 30_000,
      what: 'all for the other endpoint',
    });
    expect(await service.settled()).toEqual({ delivered: 240 });
    const arrivals = sink.arrivals.filter(({ path }) => path === '/slow').map(({ at }) => at - began);
    expect(arrivals).toHaveLength(40);
    expect(beyondRate(arrivals, 5)).toEqual([]);
  }, 90_000);

  it('shares by weight among providers of one priority, and gives a held one’s share to the others', async () => {
    service = await TestService.create({
      backend,
      yaml: `
providers:
  - { name: heavy, channel: email, kind: resend, api_key: re_1, base_url: "${heavy.url}", ${FROM}, weight: 3 }
  - { name: light, channel: email, kind: resend, api_key: re_2, base_url: "${light.url}", ${FROM}, weight: 1 }
  - { name: spare, channel: email, kind: smtp, url: "${smtp.url}", ${FROM}, require_tls: false, priority: 2 }
`,
    });
    await service.start();
    await service.sendAll(mails(400));
    expect(await service.settled()).toEqual({ sent: 400 });
    expect(heavy.arrivals.length + light.arrivals.length).toBe(400);
    expect(heavy.arrivals.length).toBeGreaterThanOrEqual(270);
    expect(heavy.arrivals.length).toBeLessThanOrEqual(330);

    const before = light.arrivals.length;
    await service.request('POST', '/v1/admin/providers/heavy/pause', {});
    await service.sendAll(mails(100, () => ({ business_id: 'two' })));
    expect(await service.settled()).toEqual({ sent: 500 });
    expect(light.arrivals.length - before).toBe(100);
    expect(smtp.messages).toHaveLength(0); // the next priority is not asked while one of the first is open
  }, 90_000);
});
