import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ROOT } from '../support/service-process.js';
import { HookSink } from '../support/hook-sink.js';
import { type OtlpCollector, startOtlpCollector } from '../support/otlp-collector.js';
import { monitorRedis, type RedisMonitor } from '../support/redis-monitor.js';
import {
  type CaughtRequest,
  type ScriptedHttp,
  startScriptedHttp,
  type Turn,
} from '../support/scripted-http.js';
import { type ScriptedSmtp, startScriptedSmtp } from '../support/scripted-smtp.js';
import { BACKENDS, TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

const MAIL = 'augusta.ada+king@lovelace-family.example';
const OTHER_MAIL = 'other.mailbox+x@lovelace-family.example';
const NUMBER = '+14155550173';
const STRANGER = 'nobody.knows@elsewhere.example';
const PASSWORD = `pw-${randomBytes(12).toString('hex')}`;
const TWILIO_TOKEN = randomBytes(16).toString('hex');
const TEAM_KEY = `team-${randomBytes(12).toString('hex')}`;
const METRICS_TOKEN = randomBytes(16).toString('hex');
const PAGER_SECRET = `whsec_${randomBytes(32).toString('base64')}`;
const PATH_TOKEN = randomBytes(12).toString('hex');
const CONTENT = `code-${randomBytes(6).toString('hex')}`;
const WRONG_KEY_SECRET = randomBytes(24).toString('hex');

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** As a careless provider says it back: as it stands, from a URL, from a header. */
const repeated = (...values: string[]): string =>
  values.map((value) => `${value} ${encodeURIComponent(value)} ${base64(value)}`).join(' ');

/** What is known by its shape alone: a receiver's own words about whom it was never told of. */
const inText = (...values: string[]): string =>
  values.map((value) => `${value} ${encodeURIComponent(value)}`).join(' ');

/** Wherever it is looked for; Base64 without what depends on what stands behind it. */
const formsOf = (value: string): string[] => [
  value,
  encodeURIComponent(value),
  base64(value).replace(/=+$/, '').slice(0, -1),
];

const json = (status: number, body: object): Turn => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

const yaml = (smtp: string, twilio: string, pager: string) => `
providers:
  - { name: mail, channel: email, kind: smtp, url: "${smtp.replace('smtp://', `smtp://login:${PASSWORD}@`)}", from: "Acme <no-reply@acme.example>", timeout: 2s, answer_timeout: 1s, breaker: { minimum: 1000 } }
  - { name: texts, channel: sms, kind: twilio, account_sid: "AC00000000000000000000000000000001", auth_token: ${TWILIO_TOKEN}, base_url: "${twilio}", from: "+15005550006", timeout: 1s, priority: 1, breaker: { minimum: 1000 } }
  - { name: hooks, channel: webhook, kind: http, timeout: 1s, breaker: { minimum: 1000 } }
types:
  welcome: { channel: email, retry: { retries: 1, base: 20ms, slow: [] } }
  otp.code: { channel: sms, retry: { retries: 1, base: 20ms, slow: [], ask_after: [] } }
  order.placed: { retry: { retries: 1, base: 20ms, slow: [] } }
alerts: { to: [ { kind: webhook, url: "${pager}", secret: "${PAGER_SECRET}" } ], quiet: 500ms }
`;

/** Everything that was written, by where. */
type Writings = Record<string, string>;

/** All of them in one run: who was written to, and every secret that took part. */
interface Run {
  writings: Writings;
  /** By name. */
  secrets: Record<string, string>;
}

const leaksIn = ({ writings, secrets }: Run): string[] =>
  Object.entries(writings).flatMap(([where, text]) =>
    Object.entries(secrets)
      .filter(([, value]) => formsOf(value).some((form) => text.toLowerCase().includes(form.toLowerCase())))
      .map(([name]) => `${name} in ${where}`)
      .filter((leak) => leak !== ALLOWED),
  );

/** A provider may say the text itself back, or a part of it, which has no shape: its story tells it to who may read content. */
const ALLOWED = 'the content in error texts';

/** What is stored of what other machines said. */
async function errorTextsOf({ pool }: TestService): Promise<string> {
  const { rows } = await pool.query(
    `SELECT code, detail FROM attempts UNION ALL SELECT code, detail FROM undelivered
      UNION ALL SELECT alert_key, detail::text FROM alerts UNION ALL SELECT target, last_error FROM alert_deliveries`,
  );
  return JSON.stringify(rows);
}

describe('what must not be read', () => {
  let sink: HookSink;
  let smtp: ScriptedSmtp;
  let twilio: ScriptedHttp;
  let collector: OtlpCollector;

  beforeAll(async () => {
    sink = await HookSink.start();
    smtp = await startScriptedSmtp({ credentials: { user: 'login', pass: PASSWORD } });
    twilio = await startScriptedHttp({ healthy: refusedText });
    collector = await startOtlpCollector();
    sink.answer = ({ path, body, headers }) =>
      path.startsWith('/alerts')
        ? 204
        : {
            status: 500,
            body: `${inText(MAIL, NUMBER)} ${repeated(String(headers['x-team-key']), path)} ${body}`,
          };
  });

  afterAll(async () => {
    await Promise.all([sink.stop(), smtp.close(), twilio.close(), collector.close()]);
  });

  /** All roles, every channel, everything that can go wrong with a name in its mouth. */
  async function run(env: Record<string, string>): Promise<Run> {
    const service = await TestService.create({
      backend: BACKENDS[0]!,
      yaml: yaml(smtp.url, twilio.url, sink.url('/alerts')),
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_BSP_SCHEDULE_DELAY: '100',
        METRICS_TOKEN,
        LOG_LEVEL: 'trace',
        ...env,
      },
    });
    let monitor: RedisMonitor | undefined;
    try {
      if (service.redis) monitor = await monitorRedis(service.redis.url);
      const processes = await Promise.all(['api', 'relay', 'worker'].map((roles) => service.start(roles)));
      const api = processes[0]!;
      const [endpoint, endpointSecret] = await subscribe(service, api.url);
      await sendOfEach(service, endpoint);
      const errorTexts = await errorTextsOf(service);
      const problems = await refusals(service, api.url);
      await waitFor(() => sink.arrivals.some(({ path }) => path.startsWith('/alerts')), { what: 'an alert' });
      const metrics = await Promise.all(processes.map(({ url }) => scrape(url)));
      processes.forEach((one) => one.signal('SIGTERM'));
      await Promise.all(processes.map((one) => one.ended));
      return {
        writings: {
          'what processes wrote': processes.map((one) => one.output()).join(''),
          'error texts': errorTexts,
          'answers to bad requests': problems.join('\n'),
          metrics: metrics.join('\n'),
          traces: collector.bodies.join('\n'),
          alerts: sink.arrivals
            .filter(({ path }) => path.startsWith('/alerts'))
            .map(({ body }) => body)
            .join('\n'),
          Redis: monitor?.text ?? '',
        },
        secrets: {
          'a mailbox': MAIL,
          'another mailbox': OTHER_MAIL,
          'a number': NUMBER,
          'a stranger': STRANGER,
          'a password': PASSWORD,
          'a provider’s token': TWILIO_TOKEN,
          'the token of the metrics': METRICS_TOKEN,
          'the secret of an alert’s target': PAGER_SECRET,
          'the token in a URL': PATH_TOKEN,
          'a header’s value': TEAM_KEY,
          'an endpoint’s secret': endpointSecret,
          'the content': CONTENT,
          'the API key': service.apiKey.split('_')[2]!,
          'a wrong API key': WRONG_KEY_SECRET,
        },
      };
    } finally {
      monitor?.close();
      await service.stop();
    }
  }

  async function subscribe(service: TestService, at: string): Promise<[id: string, secret: string]> {
    const answer = await call(service, at, 'POST', '/v1/endpoints', {
      url: sink.url(`/hook/${PATH_TOKEN}`),
      types: ['*'],
      headers: { 'x-team-key': TEAM_KEY },
    });
    const { id, secret } = JSON.parse(answer) as { id: string; secret: string };
    return [id, secret];
  }

  async function sendOfEach(service: TestService, endpoint: string): Promise<void> {
    const data = { name: CONTENT, code: CONTENT, total: CONTENT };
    const all = [
      { type: 'otp.code', to: NUMBER },
      { type: 'otp.code', to: NUMBER },
      { type: 'order.placed', channel: 'webhook', to: endpoint },
    ];
    const send = (more: readonly object[]): Promise<string[]> =>
      service.sendAll(
        more.map((one) => ({
          ...{
            recipient: MAIL,
            business_id: randomBytes(6).toString('hex'),
            data,
            metadata: { note: CONTENT },
          },
          ...one,
        })),
      );
    const saying = (to: string): string => repeated(to, PASSWORD, base64(`\0login\0${PASSWORD}`));
    await send(all);
    smtp.script({ at: 'rcpt', do: { reply: `550 5.1.1 <${MAIL}> unknown: ${saying(MAIL)}` } });
    await send([{ type: 'welcome' }]);
    await service.settled();
    smtp.script(
      { at: 'rcpt', do: { reply: `451 4.3.0 later: ${saying(OTHER_MAIL)}` } },
      { at: 'body', do: { replyAndDrop: `451 4.3.0 ${saying(OTHER_MAIL)}` } },
    );
    await send([{ type: 'welcome', recipient: OTHER_MAIL }]);
    await service.settled();
  }

  /** What a careless caller sends, and a stranger. Answers what was said to them. */
  async function refusals(service: TestService, at: string): Promise<string[]> {
    const bad = { type: 'welcome', recipient: MAIL, business_id: 'bad', data: { name: CONTENT } };
    const form = `To=${encodeURIComponent(NUMBER)}&From=${encodeURIComponent(NUMBER)}&Body=${CONTENT}`;
    return Promise.all([
      call(service, at, 'POST', '/v1/notifications', { ...bad, to: `${STRANGER} ${MAIL}` }),
      call(service, at, 'POST', '/v1/notifications', { ...bad, unknown: MAIL, lane: STRANGER }),
      call(service, at, 'POST', '/v1/notifications', { ...bad, channel: 'sms', to: MAIL }),
      call(service, at, 'POST', '/v1/notifications', `{"recipient": "${MAIL}", `),
      call(service, at, 'POST', '/v1/notifications/batch', {
        notifications: [{ ...bad, to: STRANGER + '@' }],
      }),
      call(service, at, 'GET', `/v1/notifications?recipient=${encodeURIComponent(MAIL)}&status=${STRANGER}`),
      call(service, at, 'POST', '/v1/suppressions', { channel: 'email', address: `${STRANGER} <>` }),
      raw(`${at}/v1/callbacks/texts`, form, { 'x-twilio-signature': base64(TWILIO_TOKEN) }),
      raw(`${at}/v1/notifications`, JSON.stringify(bad), {
        authorization: `Bearer ph_abcdef_${WRONG_KEY_SECRET}`,
        traceparent: MAIL,
        tracestate: `who=${MAIL}`,
      }),
    ]);
  }

  it('is in nothing that is written: logs, answers, metrics, traces, alerts, Redis', async () => {
    const all = await run({});
    // Without these there would be nothing to leak.
    expect(all.writings['what processes wrote']).toContain('delivery.attempted');
    expect(all.writings['what processes wrote']).toContain('smtp_550');
    expect(all.writings['traces']).toContain('call provider');
    expect(all.writings['metrics']).toContain('posthaste_attempts_total{channel="sms"');
    expect(all.writings['alerts']).toContain('dead_letters');
    expect(smtp.pending).toBe(0);
    expect(all.writings['error texts']).toContain('http_500');
    if (BACKENDS[0] === 'redis') expect(all.writings['Redis']).toContain('mail.transactional');
    expect(leaksIn(all)).toEqual([]);
  });

  it('would be seen: with masking switched off, this very test finds it', async () => {
    const leaks = leaksIn(await run({ NODE_OPTIONS: `--import=${ROOT}/test/e2e/faults/masking-off.mjs` }));
    expect(leaks).toEqual(
      expect.arrayContaining(
        [
          'a mailbox',
          'another mailbox',
          'a number',
          'a password',
          'a provider’s token',
          'a header’s value',
        ].map((name) => `${name} in error texts`),
      ),
    );
  });
});

const refusedText = (request: CaughtRequest, count: number): Turn =>
  count % 2 === 1
    ? json(400, { code: 21_211, message: `To ${repeated(NUMBER, TWILIO_TOKEN)} is wrong: ${request.body}` })
    : json(503, { message: repeated(NUMBER, TWILIO_TOKEN) });

async function scrape(url: string): Promise<string> {
  const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${METRICS_TOKEN}` } });
  return answer.text();
}

async function call(
  { apiKey }: TestService,
  at: string,
  method: string,
  path: string,
  body?: object | string,
): Promise<string> {
  const answer = await fetch(at + path, {
    method,
    headers: { authorization: `Bearer ${apiKey}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: typeof body === 'string' ? body : JSON.stringify(body) } : {}),
  });
  return answer.text();
}

async function raw(url: string, body: string, headers: Record<string, string>): Promise<string> {
  const type = body.startsWith('{') ? 'application/json' : 'application/x-www-form-urlencoded';
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': type, ...headers }, body });
  return answer.text();
}
