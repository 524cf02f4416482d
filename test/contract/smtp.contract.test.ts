import { beforeEach, describe, expect, it, vi } from 'vitest';

import type { Call, EmailContent, Parcel } from '../../src/channels/channel.js';
import { smtpKind } from '../../src/channels/email/providers/smtp/smtp.kind.js';
import { closingAfterEach } from '../support/closing.js';
import { providerConfig } from '../support/provider-config.js';
import { type ScriptedSmtp, startScriptedSmtp, type Turn } from '../support/scripted-smtp.js';
import { describeProviderContract, type Fault, type ProviderRig } from './provider-contract.js';

const TO = 'ada.lovelace@example.com';
const USER = 'relay-user';
const PASS = 'p/w+:@%é secret';
/** What no call meets that is answered, however busy the machine is; and what is waited for where none comes. */
const PATIENT_MS = 5_000;
const IMPATIENT_MS = 1_000;

/** The refusals quote what servers quote: the recipient, and even the login. */
const TURN_OF: Record<Fault, Turn> = {
  reject: { at: 'body', do: { reply: `554 5.6.0 Message to <${TO}> refused` } },
  suppress: {
    at: 'rcpt',
    do: { reply: `550-5.1.1 ada.lovelace: no such user\r\n550 5.1.1 <${TO}> unknown` },
  },
  configuration: { at: 'auth', do: { reply: `535 5.7.8 ${USER} / ${PASS} is wrong` } },
  defer: { at: 'rcpt', do: { reply: `451 4.7.1 <${TO}> greylisted, come back later` } },
  throttle: { at: 'body', do: { reply: '454 Throttling failure: Maximum sending rate exceeded.' } },
  hang_before_body: { at: 'mail', do: 'hang' },
  drop_before_body: { at: 'data', do: 'drop' },
  drop_after_body: { at: 'body', do: 'drop' },
  hang_after_body: { at: 'body', do: 'hang' },
  garbage: { at: 'body', do: { reply: 'HTTP/1.1 200 OK' } },
};

const parcelOf = (id: string, to = TO, content: Partial<EmailContent> = {}): Parcel<EmailContent> => ({
  id,
  key: `${id}.3f9a`,
  type: 'welcome',
  to,
  attempt: 1,
  content: { kind: 'email', subject: 'Grüße', html: '<p>Hello</p>', text: 'Hello\n.\nBye', ...content },
});

function createProvider(url: string, options: Record<string, unknown> = {}, timeoutMs = PATIENT_MS) {
  const withLogin = url.replace('//', `//${USER}:${encodeURIComponent(PASS)}@`);
  const from = 'Acme <no-reply@acme.example>';
  return smtpKind.create(
    providerConfig(
      'email',
      'smtp',
      { url: withLogin, from, answer_timeout: `${timeoutMs}ms`, ...options },
      { timeoutMs },
    ),
  );
}

async function startRig(timeoutMs: number): Promise<ProviderRig<EmailContent>> {
  const server = await startScriptedSmtp({ credentials: { user: USER, pass: PASS } });
  return {
    provider: createProvider(server.url, {}, timeoutMs),
    unreachable: () => createProvider('smtp://127.0.0.1:1'),
    parcel: (id) => parcelOf(id),
    script: (fault) => server.script(TURN_OF[fault]),
    arrived: () => server.messages.length,
    openConnections: () => server.openConnections,
    secrets: [TO, 'ada.lovelace', PASS, USER],
    close: () => server.close(),
  };
}

describeProviderContract('smtp', {
  start: startRig,
  faults: {
    reject: true,
    suppress: true,
    configuration: true,
    defer: true,
    throttle: true,
    hang_before_body: true,
    drop_before_body: true,
    drop_after_body: true,
    hang_after_body: true,
    garbage: true,
  },
});

describe('smtp, besides the contract', () => {
  let server: ScriptedSmtp;
  const call: Call = { signal: new AbortController().signal, now: () => new Date('2026-11-22T09:00:00Z') };
  const closing = closingAfterEach();

  beforeEach(async () => {
    server = closing(await startScriptedSmtp({ credentials: { user: USER, pass: PASS } }));
  });

  const start = (...args: Parameters<typeof createProvider>) => closing(createProvider(...args));

  it('sends one recipient, a stable Message-ID, the given date and both parts', async () => {
    const provider = start(server.url);
    await provider.send(parcelOf('ntf_a'), call);
    await provider.send({ ...parcelOf('ntf_a'), attempt: 2 }, call);
    const [first, second] = server.messages;
    expect(first).toMatchObject({ from: 'no-reply@acme.example', to: [TO] });
    for (const mail of [first!, second!])
      expect(mail.raw).toMatch(/^Message-ID: <ntf_a\.3f9a@acme\.example>\r$/m);
    expect(first!.raw).toMatch(/^Date: Sun, 22 Nov 2026 09:00:00 \+0000\r$/m);
    expect(first!.raw).toMatch(/^To: ada\.lovelace@example\.com\r$/m);
    expect(first!.raw).toMatch(/^From: Acme <no-reply@acme\.example>\r$/m);
    expect(first!.raw).toMatch(/^Auto-Submitted: auto-generated\r$/m);
    expect(first!.raw).toContain('\r\n<p>Hello</p>');
    expect(first!.raw).toContain('\r\nHello\r\n.\r\nBye');
  });

  it.each([
    ['as an id', '250 2.0.0 OK <abc@x.prod.outlook.com> [Hostname=x]', '<abc@x.prod.outlook.com>'],
    [
      'as one that is longer than any',
      `250 2.0.0 OK <${'a'.repeat(3_000)}@x.prod.outlook.com>`,
      '<ntf_a.3f9a@acme.example>',
    ],
    ['as what is no id', '250 2.0.0 OK <\u0001\u0002@x.prod.outlook.com>', '<ntf_a.3f9a@acme.example>'],
  ])('keeps what the server names the mail by, bounded: %s', async (_, reply, providerMessageId) => {
    server.script({ at: 'body', do: { reply } });
    expect(await start(server.url).send(parcelOf('ntf_a'), call)).toMatchObject({
      kind: 'taken',
      providerMessageId,
    });
  });

  it('reuses its connections', async () => {
    const provider = start(server.url);
    for (let i = 0; i < 5; i++) await provider.send(parcelOf(`ntf_${i}`), call);
    expect(server).toMatchObject({ connections: 1, messages: { length: 5 } });
  });

  it('tries a lost connection once and leaves the retry to whoever decides it', async () => {
    server.script({ at: 'greeting', do: 'drop' });
    expect(await start(server.url).send(parcelOf('ntf_a'), call)).toMatchObject({
      kind: 'not_sent',
      class: 'network',
    });
    expect(server.connections).toBe(1);
  });

  it('waits longer for the answer than for the rest, as a slow server deserves', async () => {
    const provider = start(server.url, { answer_timeout: '5s' }, IMPATIENT_MS);
    server.script({ at: 'body', do: 'hang' });
    const began = performance.now();
    const controller = new AbortController();
    const pending = provider.send(parcelOf('ntf_a'), { ...call, signal: controller.signal });
    await vi.waitFor(() => expect(performance.now() - began).toBeGreaterThan(2 * IMPATIENT_MS), {
      interval: 20,
      timeout: PATIENT_MS,
    });
    expect(await Promise.race([pending, Promise.resolve('waiting')])).toBe('waiting');
    controller.abort();
    expect(await pending).toMatchObject({ kind: 'in_doubt', code: 'smtp_cut' });
  });

  it.each<[string, Turn, object]>([
    [
      '421 at the greeting',
      { at: 'greeting', do: { replyAndDrop: '421 4.3.2 closing' } },
      { kind: 'deferred', scope: 'provider', code: 'smtp_421_4.3.2' },
    ],
    [
      '554 at the greeting',
      { at: 'greeting', do: { replyAndDrop: '554 no service' } },
      { kind: 'rejected', class: 'configuration' },
    ],
    [
      'a greeting that is not SMTP',
      { at: 'greeting', do: { raw: 'SSH-2.0-OpenSSH_9\r\n' } },
      { kind: 'not_sent', class: 'network' },
    ],
    ['silence at the greeting', { at: 'greeting', do: 'hang' }, { kind: 'not_sent', class: 'network' }],
    ['a drop at EHLO', { at: 'ehlo', do: 'drop' }, { kind: 'not_sent', class: 'network' }],
    ['a drop at AUTH', { at: 'auth', do: 'drop' }, { kind: 'not_sent', class: 'network' }],
    [
      '454 at AUTH',
      { at: 'auth', do: { reply: '454 4.7.0 try later' } },
      { kind: 'deferred', class: 'retry', scope: 'provider' },
    ],
    [
      'a refused sender',
      { at: 'mail', do: { reply: '550 5.7.1 not yours' } },
      { kind: 'rejected', class: 'configuration', scope: 'provider' },
    ],
    ['a drop at RCPT', { at: 'rcpt', do: 'drop' }, { kind: 'not_sent', class: 'network' }],
    [
      '421 at RCPT',
      { at: 'rcpt', do: { replyAndDrop: '421 4.7.0 bye' } },
      { kind: 'deferred', scope: 'provider' },
    ],
    [
      'a refused DATA',
      { at: 'data', do: { reply: '550 5.7.1 spam' } },
      { kind: 'rejected', class: 'permanent', scope: 'message' },
    ],
    [
      '421 after the body',
      { at: 'body', do: { replyAndDrop: '421 4.3.0 bye' } },
      { kind: 'deferred', scope: 'provider' },
    ],
    ['354 after the body', { at: 'body', do: { reply: '354 go on' } }, { kind: 'in_doubt' }],
    ['half an answer', { at: 'body', do: { raw: '25' } }, { kind: 'in_doubt' }],
  ])('%s', async (_name, turn, expected) => {
    server.script(turn);
    const provider = start(server.url, {}, IMPATIENT_MS);
    expect(await provider.send(parcelOf('ntf_a'), call)).toMatchObject(expected);
    expect(server.pending).toBe(0);
  });

  it('sends no login without encryption beyond this machine', async () => {
    const provider = start(server.url, { require_tls: true });
    expect(await provider.send(parcelOf('ntf_a'), call)).toMatchObject({
      kind: 'rejected',
      class: 'configuration',
      code: 'smtp_502_5.5.1',
    });
    expect(server.commands.filter((line) => line.startsWith('AUTH'))).toEqual([]);
  });

  it('opens new connections after the server has hung up on idle ones', async () => {
    const provider = start(server.url);
    await provider.send(parcelOf('ntf_a'), call);
    server.hangUp();
    await vi.waitFor(() => expect(server.openConnections).toBe(0), { interval: 5, timeout: PATIENT_MS });
    expect(await provider.send(parcelOf('ntf_b'), call)).toMatchObject({ kind: 'taken' });
    expect(server.connections).toBe(2);
  });

  it('is in doubt only from the end of the body on, also for a large one', async () => {
    const text = `${'x'.repeat(70)}\n`.repeat(30_000); // 2 MB: more than any socket buffers
    server.script({ at: 'data', do: { reply: '354 Go on' } });
    expect(await start(server.url, {}, 10_000).send(parcelOf('ntf_a', TO, { text }), call)).toMatchObject({
      kind: 'taken',
    });
    expect(server.messages[0]!.raw.length).toBeGreaterThan(2_000_000);
  });

  it.each([
    ['is not sent when the server stops reading in the middle of it', 400_000, 'not_sent', 'smtp_timeout'],
    ['is in doubt when the server need not read to have it all', 1, 'in_doubt', 'smtp_answer_timeout'],
  ])('%s', async (_, times, kind, code) => {
    const text = 'forty characters of text, and a newline\n'.repeat(times);
    server.script({ at: 'data', do: { replyAndStopReading: '354 Go on' } });
    const provider = start(server.url, {}, 1_000);
    expect(await provider.send(parcelOf('ntf_a', TO, { text }), call)).toMatchObject({ kind, code });
  });

  it('keeps hostile content inside the mail', async () => {
    const subject = 'Hi\r\nBcc: evil@example.net\r\n\r\nbody';
    const text = '.\r\nRCPT TO:<evil@example.net>\r\n..';
    await start(server.url).send(
      parcelOf('ntf_a', TO, { subject, text, html: '<img src="file:///etc/passwd">' }),
      call,
    );
    expect(server.messages).toHaveLength(1);
    expect(server.messages[0]!.to).toEqual([TO]);
    expect(server.messages[0]!.raw).not.toMatch(/^Bcc:/m);
    expect(server.commands.filter((line) => line.startsWith('RCPT'))).toHaveLength(1);
    expect(server.messages[0]!.raw).not.toContain('root:');
  });
});

/** Postfix, Exim and SES take sender, recipient and DATA in one go, and answer DATA with or without anybody to send to. */
describe('smtp, to a server that announces PIPELINING', () => {
  let server: ScriptedSmtp;
  const call: Call = { signal: new AbortController().signal, now: () => new Date('2026-11-22T09:00:00Z') };
  const closing = closingAfterEach();

  beforeEach(async () => {
    const extensions = ['PIPELINING'];
    server = closing(await startScriptedSmtp({ credentials: { user: USER, pass: PASS }, extensions }));
  });

  const start = (...args: Parameters<typeof createProvider>) => closing(createProvider(...args));
  const UNKNOWN: Turn = { at: 'rcpt', do: { reply: `550 5.1.1 <${TO}> unknown` } };
  const NOBODY: Turn = { at: 'data', do: { reply: '554 5.5.1 Error: no valid recipients' } };

  it('takes a mail', async () => {
    const provider = start(server.url);
    expect(await provider.send(parcelOf('ntf_a'), call)).toMatchObject({ kind: 'taken' });
    expect(await provider.send(parcelOf('ntf_b'), call)).toMatchObject({ kind: 'taken' });
    expect(server.messages.map(({ to }) => to)).toEqual([[TO], [TO]]);
    expect(server.connections).toBe(1);
  });

  it.each<[string, Turn[], object]>([
    [
      'a refused recipient, by its own reply and not by DATA’s',
      [UNKNOWN, NOBODY],
      { kind: 'rejected', class: 'suppress', code: 'smtp_550_5.1.1' },
    ],
    ['a refused recipient where DATA is taken all the same', [UNKNOWN], { code: 'smtp_550_5.1.1' }],
    [
      'a greylisted recipient',
      [{ at: 'rcpt', do: { reply: '451 4.7.1 greylisted' } }, NOBODY],
      { kind: 'deferred', code: 'smtp_451_4.7.1' },
    ],
    [
      'a refused sender',
      [
        { at: 'mail', do: { reply: '550 5.7.1 not yours' } },
        { at: 'rcpt', do: { reply: '503 5.5.1 sender first' } },
        { at: 'data', do: { reply: '503 5.5.1 sender first' } },
      ],
      { kind: 'rejected', class: 'configuration', scope: 'provider', code: 'smtp_550_5.7.1' },
    ],
    [
      'a refused sender where DATA is taken all the same',
      [{ at: 'mail', do: { reply: '550 5.7.1 not yours' } }],
      { kind: 'rejected', class: 'configuration', scope: 'provider' },
    ],
    [
      'a refused DATA',
      [{ at: 'data', do: { reply: '550 5.7.1 spam' } }],
      { kind: 'rejected', class: 'permanent', scope: 'message' },
    ],
    [
      '421 at RCPT',
      [{ at: 'rcpt', do: { replyAndDrop: '421 4.7.0 bye' } }],
      { kind: 'deferred', scope: 'provider' },
    ],
    ['a drop at RCPT', [{ at: 'rcpt', do: 'drop' }], { kind: 'not_sent', class: 'network' }],
    ['a drop at DATA', [{ at: 'data', do: 'drop' }], { kind: 'not_sent', class: 'network' }],
    ['silence at DATA', [{ at: 'data', do: 'hang' }], { kind: 'not_sent', code: 'smtp_timeout' }],
    ['a drop after the body', [{ at: 'body', do: 'drop' }], { kind: 'in_doubt', code: 'smtp_answer_lost' }],
    ['silence after the body', [{ at: 'body', do: 'hang' }], { kind: 'in_doubt' }],
  ])('%s', async (_name, turns, expected) => {
    const provider = start(server.url, {}, IMPATIENT_MS);
    server.script(...turns);
    expect(await provider.send(parcelOf('ntf_a'), call)).toMatchObject(expected);
    expect(server.pending).toBe(0);
    expect(await provider.send(parcelOf('ntf_b'), call)).toMatchObject({ kind: 'taken' });
  });

  it('gives a refused recipient’s mail to nobody', async () => {
    const provider = start(server.url);
    server.script(UNKNOWN);
    await provider.send(parcelOf('ntf_a'), call);
    await provider.send(parcelOf('ntf_b'), call);
    expect(server.messages.map(({ raw }) => raw.includes('Message-ID: <ntf_b'))).toEqual([false, true]);
    expect(server.messages[0]!.raw).toBe('');
  });
});
