import { Ajv } from 'ajv';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import type { Content, Inquiry, Provider, ProviderKind } from '../../../src/channels/channel.js';
import { smtpKind } from '../../../src/channels/email/providers/smtp/smtp.kind.js';
import { twilioKind } from '../../../src/channels/sms/providers/twilio/twilio.kind.js';
import type { Outcome } from '../../../src/domain/outcome.js';
import { parsePosthasteFile, type ProviderConfig } from '../../../src/platform/config/posthaste-file.js';
import type { EmailParts, SmsParts } from '../../../src/sandbox/arrival.js';
import { EmailCatcher } from '../../../src/sandbox/email-catcher.js';
import type { Fault } from '../../../src/sandbox/fault.js';
import { NO_CATCHERS, sandboxProviders } from '../../../src/sandbox/sandbox-providers.js';
import { SmsCatcher } from '../../../src/sandbox/sms-catcher.js';
import { FaultsInMemory, KeptInMemory } from './in-memory.js';

const ID = 'ntf_01jcz5m8q4e2r8t0v2w4x6y8za';
const call = { signal: new AbortController().signal, now: () => new Date() };

describe("the sandbox's providers, as the real ones meet them", () => {
  const kept = new KeptInMemory();
  const faults = new FaultsInMemory();
  const email = new EmailCatcher(kept, faults);
  const sms = new SmsCatcher(kept, faults);
  const providers: Provider<never>[] = [];
  let configs: readonly ProviderConfig[];

  beforeAll(async () => {
    const addresses = {
      emailPort: await email.start(),
      smsPort: await sms.start(),
      smsCredentials: sms.credentials,
    };
    configs = parse(sandboxProviders(addresses));
  });
  beforeEach(() => {
    kept.arrivals.length = 0;
    faults.next.length = 0;
  });
  afterAll(async () => {
    await Promise.all(providers.map((provider) => provider.close()));
    await Promise.all([email.stop(), sms.stop()]);
  });

  function parse(raw: object[]): readonly ProviderConfig[] {
    const { file, faults: wrong } = parsePosthasteFile(stringify({ providers: raw }), {});
    expect(wrong).toEqual([]);
    return file.providers;
  }

  function create<C extends Content>(name: string, kind: ProviderKind<C>): Provider<C> {
    const config = configs.find((one) => one.name === name)!;
    expect(config.kind).toBe(kind.kind);
    expect(new Ajv({ strict: false }).validate(kind.options, config.options)).toBe(true);
    // The hangs end within the test's patience.
    const provider = kind.create({ ...config, timeoutMs: 300, options: impatient(config.options) });
    providers.push(provider);
    return provider;
  }
  const impatient = (options: Record<string, unknown>) =>
    'answer_timeout' in options ? { ...options, answer_timeout: '300ms' } : options;

  const mail = (provider: Provider<never>) =>
    provider.send(
      {
        id: ID,
        type: 'welcome',
        to: 'ada@example.com',
        key: ID,
        attempt: 1,
        content: { kind: 'email', subject: 'Welcome', text: 'Hello', html: '<p>Hello</p>' },
      } as never,
      call,
    );
  const text = (provider: Provider<never>) =>
    provider.send(
      {
        id: ID,
        type: 'otp.code',
        to: '+14155550123',
        key: ID,
        attempt: 1,
        content: { kind: 'sms', text: 'Code 1234', segments: 1 },
      } as never,
      call,
    );

  it('are three, one a channel, also in a process that catches nothing', () => {
    expect(parse(sandboxProviders(NO_CATCHERS)).map(({ name, channel }) => [name, channel])).toEqual([
      ['sandbox-email', 'email'],
      ['sandbox-sms', 'sms'],
      ['webhooks', 'webhook'],
    ]);
  });

  it('take a mail under its notification id', async () => {
    expect(await mail(create('sandbox-email', smtpKind) as Provider<never>)).toMatchObject({
      kind: 'taken',
      code: '250',
    });
    expect(kept.arrivals).toMatchObject([{ to: 'ada@example.com', subject: 'Welcome', notificationId: ID }]);
    expect((kept.arrivals[0]!.parsed as EmailParts).html).toContain('Hello');
  });

  it('take an SMS and give its SID', async () => {
    const outcome = await text(create('sandbox-sms', twilioKind));
    expect(outcome).toMatchObject({
      kind: 'taken',
      code: '201',
      providerMessageId: (kept.arrivals[0]!.parsed as SmsParts).sid,
    });
  });

  it('tell of an SMS whose answer was lost, when they are asked', async () => {
    faults.next.push('drop_after_body');
    const provider = create('sandbox-sms', twilioKind);
    await text(provider);
    const since = new Date(Date.now() - 60_000);
    const evidence = { to: '+14155550123', since, until: new Date(), isSame: () => true };
    const inquiry = (await provider.find!(evidence, call)) as Extract<Inquiry, { kind: 'answered' }>;
    expect(inquiry.matches.at(-1)).toMatchObject({
      providerMessageId: (kept.arrivals[0]!.parsed as SmsParts).sid,
      status: 'sent',
    });
    expect(await provider.find!({ ...evidence, to: '+14155550124' }, call)).toMatchObject({ matches: [] });
  });

  const expected: Record<Fault, { email: Partial<Outcome>; sms: Partial<Outcome>; isKept: boolean }> = {
    reject: { email: { kind: 'rejected' }, sms: { kind: 'rejected' }, isKept: false },
    defer: { email: { kind: 'deferred' }, sms: { kind: 'deferred' }, isKept: false },
    throttle: { email: { kind: 'deferred' }, sms: { kind: 'deferred', class: 'throttled' }, isKept: false },
    hang: { email: { kind: 'in_doubt' }, sms: { kind: 'in_doubt' }, isKept: false },
    drop_after_body: { email: { kind: 'in_doubt' }, sms: { kind: 'in_doubt' }, isKept: true },
  };
  it.each(Object.keys(expected) as Fault[])(
    'make the outcome that %s promises, by mail and by SMS',
    async (fault) => {
      faults.next.push(fault, fault);
      expect(await mail(create('sandbox-email', smtpKind) as Provider<never>)).toMatchObject(
        expected[fault].email,
      );
      expect(await text(create('sandbox-sms', twilioKind) as Provider<never>)).toMatchObject(
        expected[fault].sms,
      );
      expect(kept.arrivals).toHaveLength(expected[fault].isKept ? 2 : 0);
    },
  );
});
