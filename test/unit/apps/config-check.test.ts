import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { checkConfig } from '../../../src/apps/config-check.js';
import { ConfigError, loadConfig } from '../../../src/platform/config/config.js';

const EXAMPLE = 'posthaste.example.yaml';
const VARIABLES = {
  SMTP_URL: 'smtp://mailer:p4ssw0rd@mail.acme.example:587',
  TWILIO_ACCOUNT_SID: 'AC0123456789',
  TWILIO_AUTH_TOKEN: 't0ken-of-twilio',
  RESEND_API_KEY: 're_s3nd',
  SMS_GATEWAY_TOKEN: 'g4teway',
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'posthaste-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Checks a file with this text. */
const check = async (yaml: string, env: NodeJS.ProcessEnv = {}): Promise<string[]> => {
  const file = join(folder, 'posthaste.yaml');
  writeFileSync(file, yaml);
  return checkConfig(loadConfig(env, file));
};

const faultsOf = async (checked: Promise<unknown>): Promise<readonly string[]> => {
  const error = await checked.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ConfigError);
  return (error as ConfigError).faults;
};

describe('config:check', () => {
  it('passes the example with its variables set', async () => {
    const lines = await checkConfig(loadConfig(VARIABLES, EXAMPLE));
    expect(lines[0]).toBe('The configuration is well.');
    for (const name of [
      'smtp',
      'resend',
      'twilio',
      'sms-gateway',
      'webhooks',
      'otp.code',
      'invoice.issued',
    ]) {
      expect(lines.some((line) => line.startsWith(`  ${name} `))).toBe(true);
    }
  });

  it('names each variable of the example that is not set', () => {
    expect(() => loadConfig({}, EXAMPLE)).toThrow(ConfigError);
    for (const name of Object.keys(VARIABLES)) {
      expect(() => loadConfig({}, EXAMPLE)).toThrow(`\${${name}} is not set`);
    }
  });

  it('shows no secret', async () => {
    const env = {
      ...VARIABLES,
      DATABASE_URL: 'postgres://owner:s3cret@db.acme.example:5432/posthaste?password=s3cret',
      REDIS_URL: 'redis://:r3dis@cache.acme.example:6379',
      ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
      POSTHASTE_API_KEY: 'ph_first_0123456789012345678901234567',
      METRICS_TOKEN: 'm3trics',
    };
    const shown = (await checkConfig(loadConfig(env, EXAMPLE))).join('\n');
    for (const secret of [
      's3cret',
      'owner',
      'r3dis',
      'p4ssw0rd',
      't0ken',
      're_s3nd',
      'g4teway',
      'm3trics',
      '01234567890123',
      env.ENCRYPTION_KEY,
    ]) {
      expect(shown).not.toContain(secret);
    }
    expect(shown).toContain('postgres://db.acme.example:5432/posthaste');
  });

  it('passes an empty file: that is the sandbox', async () => {
    expect((await check('')).join('\n')).toContain('sandbox-email');
  });

  it('names every fault of every provider at once', async () => {
    const faults = await faultsOf(
      check(`
providers:
  - { name: one, channel: email, kind: pigeon }
  - { name: two, channel: sms, kind: twilio, account_sid: AC1, colour: red }
  - { name: three, channel: email, kind: smtp, url: 'smtp://mail.example/path', from: a@acme.example }
  - { name: four, channel: sms, kind: twilio, account_sid: AC1, auth_token: t, from: '+15005550006', messaging_service_sid: MG1 }
`),
    );
    expect(faults).toEqual([
      'provider one: there is no kind pigeon for email, only smtp, resend',
      expect.stringContaining("provider two: it must have required property 'auth_token'"),
      expect.stringContaining('provider two: it must NOT have additional properties (colour)'),
      'provider three: url must end after host and port',
      'provider four: either from or messaging_service_sid must be given',
    ]);
  });

  it('never repeats what a wrong provider holds', async () => {
    const yaml = `providers: [{ name: one, channel: email, kind: smtp, url: 'smtp://u:p4ssw0rd@h:1/x', from: a@b.example }]`;
    expect((await faultsOf(check(yaml))).join('\n')).not.toContain('p4ssw0rd');
  });

  it('refuses a type that nobody has written, and one that nobody sends', async () => {
    const faults = await faultsOf(
      check(`
providers: [{ name: webhooks, channel: webhook, kind: http }]
types:
  no.letter: { channel: email }
  otp.code: { channel: sms }
  order.shipped: { channel: webhook }
  anything.else: {}
`),
    );
    expect(faults).toEqual([
      'type no.letter: there is no template no.letter for email',
      'type otp.code: no provider is configured for sms',
    ]);
  });

  it('names the faults of templates beside those of providers', async () => {
    const faults = await faultsOf(
      check(`providers: [{ name: one, channel: email, kind: pigeon }]`, {
        TEMPLATES_DIR: join(folder, 'nowhere'),
      }),
    );
    expect(faults).toEqual([expect.stringContaining('template '), expect.stringContaining('provider one')]);
  });

  it('refuses a file that is named and not there', () => {
    expect(() => loadConfig({}, join(folder, 'missing.yaml'))).toThrow('does not exist');
  });

  it('documents only what the schema knows', () => {
    // A field in a comment is a promise too: every `# name: value` of the example passes when it is switched on.
    const text = readFileSync(EXAMPLE, 'utf8');
    const field = /^(\s+)# (require_tls|answer_timeout|base_url|template|\w+_status|is_idempotent): /gm;
    expect([...text.matchAll(field)].map(([, , name]) => name).sort()).toEqual([
      'answer_timeout',
      'base_url',
      'base_url',
      'is_idempotent',
      'reject_status',
      'require_tls',
      'template',
      'throttle_status',
    ]);
    const switchedOn = text.replace(field, '$1$2: ');
    return expect(check(switchedOn, VARIABLES)).resolves.toContain('The configuration is well.');
  });
});
