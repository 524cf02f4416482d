import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { ConfigError, loadConfig } from '../../../src/platform/config/config.js';
import { didYouMean } from '../../../src/platform/config/did-you-mean.js';
import { readEnvironment, SETTINGS } from '../../../src/platform/config/environment.js';
import {
  inDoubtPolicyOf,
  parsePosthasteFile,
  retryPolicyOf,
} from '../../../src/platform/config/posthaste-file.js';
import { parseDurationMs, parseRatePerSecond } from '../../../src/platform/config/units.js';

const folder = mkdtempSync(join(tmpdir(), 'posthaste-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the environment', () => {
  it('has a default for what may be left out', () => {
    const { environment, faults } = readEnvironment({});
    expect(faults).toEqual([]);
    expect(environment).toMatchObject({
      port: 3000,
      host: '127.0.0.1',
      roles: ['api', 'relay', 'worker'],
      logLevel: 'info',
      sandbox: undefined,
      webhookAllowNetworks: [],
    });
  });

  it('takes an empty word for none, and trims', () => {
    expect(
      readEnvironment({ PORT: ' ', REDIS_URL: '', ROLES: ' api , relay ', SANDBOX: 'false' }).environment,
    ).toMatchObject({ port: 3000, redisUrl: undefined, roles: ['api', 'relay'], sandbox: false });
  });

  it('names every fault at once, and no value', () => {
    const { faults } = readEnvironment({
      PORT: '70000',
      DATABASE_URL: 'not a url',
      REDIS_URL: 's3cret',
      ROLES: 'api,boss',
      ENCRYPTION_KEY: 'c2hvcnQ=',
      WEBHOOK_ALLOW_NETWORKS: '10.0.0.1',
      LOG_LEVEL: 'loud',
      SANDBOX: 'yes',
      PUBLIC_URL: 'nowhere',
      DRAIN_DELAY: '16s',
      NICENESS: '-1',
      POSTHASTE_API_KY: 's3cret',
      ENCRYPTION_KEI: 's3cret',
      WEBHOOK_ALOW_NETWORKS: 's3cret',
      ROLE: 's3cret',
    });
    const keys = [
      'PORT',
      'DATABASE_URL',
      'REDIS_URL',
      'ROLES',
      'ENCRYPTION_KEY',
      'WEBHOOK_ALLOW_NETWORKS',
      'LOG_LEVEL',
      'SANDBOX',
      'PUBLIC_URL',
      'DRAIN_DELAY',
      'NICENESS',
    ];
    for (const key of keys)
      expect(
        faults.filter((fault) => fault.startsWith(`${key} must`)),
        key,
      ).toHaveLength(1);
    expect(faults).toContain('POSTHASTE_API_KY is not a setting: did you mean POSTHASTE_API_KEY?');
    expect(faults).toContain('ENCRYPTION_KEI is not a setting: did you mean ENCRYPTION_KEY?');
    expect(faults).toContain('WEBHOOK_ALOW_NETWORKS is not a setting: did you mean WEBHOOK_ALLOW_NETWORKS?');
    expect(faults).toContain('ROLE is not a setting: did you mean ROLES?');
    expect(faults).toHaveLength(keys.length + 4);
    expect(faults.join()).not.toContain('s3cret');
  });

  it('lets alone what is not ours', () => {
    expect(readEnvironment({ PATH: '/bin', HOME: '/', NODE_OPTIONS: 'x', PORTAL: '1' }).faults).toEqual([]);
  });

  it('describes each setting once, in a sentence', () => {
    expect(new Set(SETTINGS.map(({ key }) => key)).size).toBe(SETTINGS.length);
    for (const { sentence } of SETTINGS) expect(sentence).toMatch(/[.;]/);
  });
});

describe('posthaste.yaml', () => {
  const parse = (text: string, env: Record<string, string> = {}) => parsePosthasteFile(text, env);
  const MAIL = '- { name: ses, channel: email, kind: smtp, url: "${SMTP_URL}" }';

  it('is read with its defaults, and what it leaves out', () => {
    const { file, faults } = parse(`providers: [${MAIL.slice(2)}]`, { SMTP_URL: 'smtp://mail.example' });
    expect(faults).toEqual([]);
    expect(file.providers).toMatchObject([
      {
        name: 'ses',
        priority: 1,
        concurrency: 20,
        timeoutMs: 30_000,
        ratePerSecond: undefined,
        breaker: { errorRate: 0.5, minimum: 10, windowMs: 120_000, resetMs: 30_000 },
        retryBudget: { share: 0.2, minimum: 10 },
        options: { url: 'smtp://mail.example' },
      },
    ]);
    expect(parse('').faults).toEqual([]);
  });

  it('names every fault at once, with where it is', () => {
    const { faults } = parse(`
providers:
  - { name: "Bad Name", channel: pigeon, kind: smtp, priority: 0, rate: fast, timeout: soon, breaker: { eror_rate: 2 }, retry_budget: { minimum: 0 } }
  - { channel: email }
types:
  otp.code: { chanel: sms, expires_in: 10 minutes, retry: { retrys: 1, jitter: 2 } }
  Not.A.Type: { channel: email }
lanes: { express: {} }
provider: []
`);
    const all = faults.join('\n');
    for (const part of [
      '/providers/0/name',
      '/providers/0/channel',
      '/providers/0/priority',
      '/providers/0/rate',
      '/providers/0/timeout',
      '/providers/0/breaker',
      '/providers/0/retry_budget/minimum',
      "/providers/1 must have required property 'name'",
      '/types/otp.code has an unknown field chanel: did you mean channel?',
      '/types/otp.code/expires_in',
      'unknown field retrys: did you mean retries?',
      '/types/otp.code/retry/jitter',
      '/types has an unknown field Not.A.Type',
      '/lanes has an unknown field express',
      'unknown field provider: did you mean providers?',
      'eror_rate: did you mean error_rate?',
    ])
      expect(all).toContain(part);
  });

  it('fills in the environment, and takes a name that is not set for a fault, never for an empty secret', () => {
    expect(parse(`providers: [${MAIL.slice(2)}]`).faults).toEqual([
      '/providers/0/url: ${SMTP_URL} is not set in the environment',
    ]);
  });

  it('says that it is no YAML without repeating it, and refuses what is no mapping', () => {
    const { faults } = parse('providers: [ { auth_token: s3cret');
    expect(faults[0]).toContain('is not YAML');
    expect(faults.join()).not.toContain('s3cret');
    for (const text of ['- a', 'text', '1', 'providers: {}', 'providers: [null]'])
      expect(parse(text).faults.length, text).toBeGreaterThan(0);
  });

  it('does not take two providers of one name', () => {
    const { faults } = parse(`providers:\n  ${MAIL}\n  ${MAIL}\n`, { SMTP_URL: 'smtp://x' });
    expect(faults).toEqual(['/providers has two providers named ses']);
  });

  it('lays a type’s own words over its channel’s over the defaults', () => {
    const { file } = parse(`
retry: { sms: { retries: 3, base: 2s } }
types: { otp.code: { channel: sms, on_in_doubt: retry, retry: { retries: 1, slow: [1m], deadline: 10m } } }
`);
    expect(retryPolicyOf(file, 'otp.code', 'sms')).toMatchObject({
      retries: 1,
      baseMs: 2_000,
      factor: 2,
      slowMs: [60_000],
      deadlineMs: 600_000,
    });
    expect(retryPolicyOf(file, 'other', 'sms')).toMatchObject({
      retries: 3,
      baseMs: 2_000,
      deadlineMs: 3_600_000,
    });
    expect(retryPolicyOf(file, 'other', 'email')).toMatchObject({ retries: 5, baseMs: 1_000 });
    expect(inDoubtPolicyOf(file, 'otp.code', 'sms', undefined)).toBe('retry');
    expect(inDoubtPolicyOf(file, 'otp.code', 'sms', 'park')).toBe('park');
    expect(inDoubtPolicyOf(file, 'other', 'sms', undefined)).toBe('park');
    expect(inDoubtPolicyOf(file, 'other', 'email', undefined)).toBe('once');
  });

  it('knows how long a repetition waits, and when a provider is asked', () => {
    const { file, faults } = parse(`
retry: { email: { in_doubt_delay: 20m } }
types: { otp.code: { retry: { ask_after: [1s, 2s] } }, quiet: { retry: { ask_after: [] } } }
`);
    expect(faults).toEqual([]);
    expect(retryPolicyOf(file, 'other', 'email')).toMatchObject({ inDoubtDelayMs: 1_200_000 });
    expect(retryPolicyOf(file, 'other', 'sms')).toMatchObject({ askAfterMs: [30_000, 120_000, 300_000] });
    expect(retryPolicyOf(file, 'otp.code', 'sms')).toMatchObject({ askAfterMs: [1_000, 2_000] });
    expect(retryPolicyOf(file, 'quiet', 'sms')).toMatchObject({ askAfterMs: [] });
    expect(parse(`retry: { sms: { ask_after: [soon] } }`).faults).toHaveLength(1);
  });
});

describe('the whole configuration', () => {
  it('throws all of environment and file at once', () => {
    const path = join(folder, 'bad.yaml');
    writeFileSync(path, 'providers: 1\nnope: 2\n');
    expect(() => loadConfig({ POSTHASTE_CONFIG: path, PORT: 'x', LOG_LEVEL: 'loud' })).toThrow(ConfigError);
    try {
      loadConfig({ POSTHASTE_CONFIG: path, PORT: 'x', LOG_LEVEL: 'loud' });
    } catch (error) {
      expect((error as ConfigError).faults).toHaveLength(4);
      expect((error as ConfigError).message).toContain('4 faults');
    }
  });

  it('misses a file only when it was named', () => {
    expect(() => loadConfig({ POSTHASTE_CONFIG: join(folder, 'none.yaml') })).toThrow(/does not exist/);
  });

  it('is a sandbox when nothing is configured, or when asked to be', () => {
    const path = join(folder, 'hooks.yaml');
    writeFileSync(path, 'providers: [ { name: webhooks, channel: webhook, kind: http } ]\n');
    expect(loadConfig({ POSTHASTE_CONFIG: path }).isSandbox).toBe(false);
    expect(loadConfig({ POSTHASTE_CONFIG: path, SANDBOX: 'true' }).isSandbox).toBe(true);
    writeFileSync(path, '');
    expect(loadConfig({ POSTHASTE_CONFIG: path }).isSandbox).toBe(true);
    expect(loadConfig({ POSTHASTE_CONFIG: path, SANDBOX: 'false' }).isSandbox).toBe(false);
  });
});

describe('units', () => {
  it.each([
    ['500ms', 500],
    ['10s', 10_000],
    ['15m', 900_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
    ['0s', 0],
    ['99999d', 8_639_913_600_000],
  ])('%s', (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms);
  });
  it.each(['', '10', 's', '01s', '-1s', '1.5s', '1 s', '1S', '100000d', '1000000000s', '1s\n', '1s1s'])(
    '%j is no duration',
    (text) => {
      expect(parseDurationMs(text)).toBeUndefined();
    },
  );
  it('reads rates', () => {
    expect([parseRatePerSecond('14/s'), parseRatePerSecond('120/m'), parseRatePerSecond('3600/h')]).toEqual([
      14, 2, 1,
    ]);
    for (const text of ['0/s', '1', '1/d', '-1/s', '1.5/s', '1/s '])
      expect(parseRatePerSecond(text)).toBeUndefined();
  });
  it('guesses what was meant, and does not guess wildly', () => {
    expect(didYouMean('recipent', ['type', 'recipient'])).toBe('recipient');
    expect(didYouMean('TYPE', ['type'])).toBe('type');
    expect(didYouMean('xyz', ['type', 'recipient'])).toBeUndefined();
    expect(didYouMean('x'.repeat(1_000_000), ['x'])).toBeUndefined();
  });
});

describe('limits', () => {
  it('have defaults, and no rate', () => {
    expect(parsePosthasteFile('{}', {}).file.limits).toEqual({
      maxWaiting: { transactional: 1_000_000, bulk: 5_000_000 },
      keyShare: 0.8,
      rate: undefined,
    });
  });

  it('are what the file says, lane by lane', () => {
    const { file, faults } = parsePosthasteFile(
      'limits: { max_waiting: { bulk: 7 }, key_share: 1, rate: 600/m }',
      {},
    );
    expect(faults).toEqual([]);
    expect(file.limits).toEqual({
      maxWaiting: { transactional: 1_000_000, bulk: 7 },
      keyShare: 1,
      rate: { count: 600, windowS: 60 },
    });
  });

  it.each([
    ['max_waiting: { bulk: 0 }', '/limits/max_waiting/bulk'],
    ['key_share: 0', '/limits/key_share'],
    ['key_share: 1.1', '/limits/key_share'],
    ['rate: 5/d', '/limits/rate'],
    ['rates: 5/s', 'did you mean rate?'],
  ])('refuse %s', (line, named) => {
    const { faults } = parsePosthasteFile(`limits: { ${line} }`, {});
    expect(faults.join(' ')).toContain(named);
  });
});
