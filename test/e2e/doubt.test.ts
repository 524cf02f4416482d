import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type CaughtRequest, type ScriptedHttp, startScriptedHttp } from '../support/scripted-http.js';
import { type ScriptedSmtp, startScriptedSmtp } from '../support/scripted-smtp.js';
import { type ScriptedTwilio, startScriptedTwilio } from '../support/scripted-twilio.js';
import { BACKENDS, TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

const QUICK = 'retries: 5, base: 20ms, factor: 1.5, jitter: 0.2, slow: []';
const LOST = { at: 'body', do: 'drop' } as const;
const MINUTE_MS = 60_000;

interface Parts {
  smtp: ScriptedSmtp;
  second: ScriptedSmtp;
  resend: ScriptedHttp;
  twilio: ScriptedTwilio;
  texts: ScriptedHttp;
}

const yaml = ({ smtp, second, twilio, texts }: Parts) => `
providers:
  - { name: mail, channel: email, kind: smtp, url: "${smtp.url}", from: "Acme <no-reply@acme.example>", timeout: 2s, answer_timeout: 1s, breaker: { minimum: 1000 } }
  - { name: second, channel: email, kind: smtp, url: "${second.url}", from: "Acme <no-reply@second.example>", priority: 2, timeout: 2s, answer_timeout: 1s, breaker: { minimum: 1000 } }
  - { name: twilio, channel: sms, kind: twilio, account_sid: "AC00000000000000000000000000000001", auth_token: secret-token, base_url: "${twilio.url}", from: "+15005550006", timeout: 1s, breaker: { minimum: 1000 } }
  - { name: spare, channel: sms, kind: http-sms, url: "${texts.url}/sms", body: '{"to": {{ to | json }}, "text": {{ text | json }}}', priority: 2, timeout: 1s }
types:
  welcome: { channel: email, retry: { ${QUICK} } }
  otp.code: { channel: sms, retry: { ${QUICK}, ask_after: [150ms, 300ms, 450ms] } }
`;

const keyed = (resend: ScriptedHttp) => `
providers:
  - { name: resend, channel: email, kind: resend, api_key: re_key, base_url: "${resend.url}", from: "Acme <a@acme.example>", timeout: 1s, breaker: { minimum: 1000 } }
types:
  welcome: { channel: email, retry: { ${QUICK} } }
`;

let number = 0;

/** A deployment, and what callers and operators do with it. */
function driver(service: TestService) {
  const send = async (more: object): Promise<string> => {
    const { status, body } = await service.request('POST', '/v1/notifications', {
      recipient: 'ada@example.com',
      business_id: `b-${++number}`,
      ...more,
    });
    expect(status, JSON.stringify(body)).toBe(202);
    return body.id as string;
  };
  const story = async (id: string) => (await service.request('GET', `/v1/notifications/${id}`)).body;
  const reaches = (id: string, is: (told: any) => boolean, what: string, within = 20_000) =>
    waitFor(
      async () => {
        const told = await story(id);
        return is(told) ? told : undefined;
      },
      { within, what: `${id} ${what}` },
    );
  return {
    mail: (more: object = {}) => send({ type: 'welcome', data: { name: 'Ada' }, ...more }),
    text: (code: string, more: object = {}) =>
      send({ type: 'otp.code', to: '+14155550100', data: { code }, ...more }),
    story,
    reaches,
    is: (id: string, status: string, within?: number) =>
      reaches(id, (told) => told.status === status, status, within),
    waitsForOperator: (id: string) =>
      reaches(id, (told) => told.next.waiting_for === 'operator', 'waits for an operator'),
    hurry: (id: string) => service.request('POST', `/v1/admin/notifications/${id}/retry`, {}),
    resolve: (id: string, as: string) =>
      service.request('POST', `/v1/admin/notifications/${id}/resolve`, { as, reason: 'looked' }),
  };
}

const messageIds = (smtp: ScriptedSmtp, from = 0): string[] =>
  smtp.messages.slice(from).map(({ raw }) => /^message-id: (.+?)\r?$/im.exec(raw)![1]!);
const events = (told: any, event: string): any[] => told.history.filter((one: any) => one.event === event);
const outcomes = (told: any): string[] => events(told, 'attempt').map((one) => one.outcome);

describe.each(BACKENDS)('what nobody can know (%s)', (backend) => {
  let parts: Parts;
  let service: TestService;
  let at: ReturnType<typeof driver>;

  beforeAll(async () => {
    parts = {
      smtp: await startScriptedSmtp(),
      second: await startScriptedSmtp(),
      resend: await startScriptedHttp(),
      twilio: await startScriptedTwilio(),
      texts: await startScriptedHttp({ healthy: () => ({ status: 202 }) }),
    };
    service = await TestService.create({ backend, yaml: yaml(parts) });
    await service.start();
    at = driver(service);
  });

  afterAll(async () => {
    await service.stop();
    await Promise.all(Object.values(parts).map((part: { close(): Promise<void> }) => part.close()));
  });

  it('repeats a mail once, in a quarter of an hour, under the same Message-ID, and then leaves it to a person', async () => {
    const before = parts.smtp.messages.length;
    parts.smtp.script(LOST, LOST);
    const id = await at.mail();
    const told = await at.is(id, 'retrying');
    const waitMs = Date.parse(told.next.at) - Date.parse(events(told, 'attempt')[0].at);
    expect(waitMs).toBeGreaterThanOrEqual(15 * MINUTE_MS);
    expect(waitMs).toBeLessThan(20 * MINUTE_MS);
    expect(told.next).toMatchObject({
      action: 'retry',
      waiting_for: 'retry_timer',
      reason: expect.stringContaining('repeated at this time, by mail only'),
    });
    expect((await at.hurry(id)).status).toBe(200);
    const parked = await at.waitsForOperator(id);
    expect(parked).toMatchObject({ status: 'in_doubt', next: { action: 'review', can: ['resolve'] } });
    expect(parked.next.reason).toContain('any of 2 attempts');
    const sent = messageIds(parts.smtp, before);
    expect(sent).toEqual([sent[0], sent[0]]);
    expect(sent[0]).toMatch(new RegExp(`^<${id}\\.[0-9a-f]{12}@acme\\.example>$`));
    expect(parts.second.messages.map(({ raw }) => raw).join()).not.toContain(id);
  });

  it('goes by another provider when that is asked for, though it may arrive twice', async () => {
    const before = [parts.smtp.messages.length, parts.second.messages.length];
    parts.smtp.script(LOST);
    const id = await at.mail({ on_in_doubt: 'failover' });
    const told = await at.is(id, 'sent');
    expect(outcomes(told)).toEqual(['in_doubt', 'taken']);
    expect(events(told, 'attempt').map((one) => one.provider)).toEqual(['mail', 'second']);
    expect(parts.smtp.messages.length - before[0]!).toBe(1);
    expect(parts.second.messages.length - before[1]!).toBe(1);
  });

  it('finds a text that was taken, and sends no second one', async () => {
    parts.twilio.onPost('take_and_drop');
    parts.twilio.onList('empty');
    const before = [parts.twilio.texts.length, parts.twilio.looks.length];
    const id = await at.text('111111');
    const told = await at.is(id, 'sent');
    expect(told).toMatchObject({ provider_message_id: parts.twilio.texts.at(-1)!.sid, attempts: 1 });
    expect(events(told, 'asked')).toMatchObject([{ provider: 'twilio', number: 1, code: 'found' }]);
    expect(parts.twilio.texts.length - before[0]!).toBe(1);
    expect(parts.twilio.looks.length - before[1]!).toBe(2);
    expect(parts.texts.messages).toHaveLength(0);
  });

  it('leaves a text that nobody can find to a person, after three questions', async () => {
    parts.twilio.onPost('drop');
    const before = [parts.twilio.posts.length, parts.twilio.looks.length];
    const id = await at.text('222222');
    const asking = await at.reaches(id, (told) => told.status === 'in_doubt', 'in doubt');
    expect(asking.next.can).toEqual(['resolve']);
    const told = await at.waitsForOperator(id);
    expect(told.next.reason).toContain('does not have it');
    expect(events(told, 'asked')).toMatchObject([{ code: 'not_found' }]);
    expect(parts.twilio.posts.length - before[0]!).toBe(1);
    expect(parts.twilio.looks.length - before[1]!).toBe(3);
  });

  it('sends a text that nobody can find again, once it was asked for to the end, when that is wanted', async () => {
    parts.twilio.onPost('drop');
    const before = [parts.twilio.looks.length, parts.twilio.texts.length];
    const id = await at.text('333333', { on_in_doubt: 'retry' });
    const told = await at.is(id, 'sent');
    expect(outcomes(told)).toEqual(['in_doubt', 'taken']);
    expect(parts.twilio.looks.length - before[0]!).toBe(3);
    expect(parts.twilio.texts.length - before[1]!).toBe(1);
  });

  it('does not take another’s text for its own', async () => {
    const first = await at.is(await at.text('444444'), 'sent');
    parts.twilio.onPost('drop');
    const second = await at.waitsForOperator(await at.text('444444'));
    expect(second).toMatchObject({ status: 'in_doubt', provider_message_id: null });
    expect(first.provider_message_id).toBe(parts.twilio.texts.at(-1)!.sid);
  });

  it('believes an operator who decides before the provider is asked', async () => {
    parts.twilio.onPost('take_and_drop');
    parts.twilio.onList('empty', 'empty');
    const id = await at.text('555555');
    await at.is(id, 'in_doubt');
    expect((await at.resolve(id, 'dead')).status).toBe(200);
    const looks = parts.twilio.looks.length;
    // Another doubt is found meanwhile: the reconciler has had its turns.
    parts.twilio.onPost('take_and_drop');
    await at.is(await at.text('555556'), 'sent');
    expect(parts.twilio.looks.length).toBeGreaterThan(looks);
    expect(await at.story(id)).toMatchObject({ status: 'dead', provider_message_id: null });
  });
});

describe('a provider that recognises a repetition, by default', () => {
  let resend: ScriptedHttp;
  let service: TestService;
  let at: ReturnType<typeof driver>;
  const mails = new Map<string, string>();
  const keyOf = ({ headers }: CaughtRequest): string => String(headers['idempotency-key']);

  beforeAll(async () => {
    resend = await startScriptedHttp({
      healthy: (request) => {
        const key = keyOf(request);
        mails.set(key, mails.get(key) ?? `msg-${mails.size + 1}`);
        return {
          status: 200,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ id: mails.get(key) }),
        };
      },
    });
    service = await TestService.create({ backend: BACKENDS[0]!, yaml: keyed(resend) });
    await service.start();
    at = driver(service);
  });

  afterAll(async () => {
    await service.stop();
    await resend.close();
  });

  it('is asked again quickly, under one key, and makes one mail', async () => {
    resend.script('drop', { status: 500, body: '{"name":"application_error","message":"Oops"}' });
    const id = await at.mail();
    const told = await at.is(id, 'sent');
    expect(outcomes(told)).toEqual(['in_doubt', 'in_doubt', 'taken']);
    expect(told).toMatchObject({ provider_message_id: 'msg-1' });
    expect([...mails.keys()]).toEqual([expect.stringMatching(new RegExp(`^${id}\\.[0-9a-f]{12}$`))]);
    expect(new Set(resend.messages.map(keyOf)).size).toBe(1);
  });

  it('is not asked again what it has answered with a conflict', async () => {
    const body = '{"name":"invalid_idempotent_request","message":"Other content under this key"}';
    resend.script({ status: 409, body });
    const before = resend.messages.length;
    const told = await at.waitsForOperator(await at.mail());
    expect(outcomes(told)).toEqual(['in_doubt']);
    expect(resend.messages.length - before).toBe(1);
  });

  it('is asked again later, and nobody else, while an earlier call is under way there', async () => {
    resend.script({ status: 409, body: '{"name":"concurrent_idempotent_requests","message":"Wait"}' });
    expect(outcomes(await at.is(await at.mail(), 'sent'))).toEqual(['deferred', 'taken']);
  });
});

describe('a worker that dies in the middle of a text', () => {
  let twilio: ScriptedTwilio;
  let parts: Parts;
  let service: TestService;

  beforeAll(async () => {
    twilio = await startScriptedTwilio();
    const smtp = await startScriptedSmtp();
    const http = await startScriptedHttp();
    parts = { smtp, second: smtp, resend: http, twilio, texts: http };
    service = await TestService.create({
      backend: BACKENDS[0]!,
      yaml: yaml(parts).replace(
        'timeout: 1s, breaker: { minimum: 1000 } }\n  - { name: spare',
        'timeout: 60s }\n  - { name: spare',
      ),
    });
  });

  afterAll(async () => {
    await service.stop();
    await Promise.all([twilio.close(), parts.smtp.close(), parts.texts.close()]);
  });

  it('leaves a doubt that the provider ends: one text, and its id', async () => {
    await service.start('api,relay');
    const worker = await service.start('worker');
    const at = driver(service);
    twilio.onPost('take_and_hang');
    const taken = await at.text('777777');
    await waitFor(() => twilio.posts.length === 1, { what: 'the first call' });
    worker.signal('SIGKILL');
    await worker.ended;
    const told = await at.is(taken, 'sent', 60_000);
    expect(told).toMatchObject({ provider_message_id: twilio.texts[0]!.sid, attempts: 1 });
    expect(events(told, 'attempt')).toMatchObject([{ outcome: 'in_doubt', code: 'worker_lost' }]);
    expect(twilio.texts).toHaveLength(1);
    expect(twilio.posts).toHaveLength(1);
  }, 90_000);
});
