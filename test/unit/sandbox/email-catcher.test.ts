import { connect, type Socket } from 'node:net';

import { createTransport } from 'nodemailer';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { EmailParts } from '../../../src/sandbox/arrival.js';
import { EmailCatcher } from '../../../src/sandbox/email-catcher.js';
import { FaultsInMemory, KeptInMemory } from './in-memory.js';

const ID = 'ntf_01jcz5m8q4e2r8t0v2w4x6y8za';
const MAIL = {
  from: 'Posthaste Sandbox <sandbox@posthaste.example>',
  to: 'ada@example.com',
  messageId: `<${ID}@posthaste.example>`,
  subject: 'Your invoice – 12,00 €',
  text: 'Hello Ada',
  html: '<p>Hello <b>Ada</b></p>',
};

describe('the email catcher', () => {
  const kept = new KeptInMemory();
  const faults = new FaultsInMemory();
  let catcher: EmailCatcher;
  let port: number;

  beforeEach(async () => {
    kept.arrivals.length = 0;
    kept.fault = undefined;
    faults.next.length = 0;
    catcher = new EmailCatcher(kept, faults);
    port = await catcher.start();
  });
  afterEach(() => catcher.stop());

  const send = (more: object = {}) =>
    createTransport({ host: '127.0.0.1', port, socketTimeout: 500, ignoreTLS: true }).sendMail({
      ...MAIL,
      ...more,
    });

  it('takes a mail for anybody and keeps its source and its parts', async () => {
    const info = await send();
    expect(info.response).toMatch(/^250 2\.0\.0 Ok: queued as [0-9a-f]{16}$/);
    const [arrival] = kept.arrivals;
    expect(arrival).toMatchObject({
      channel: 'email',
      to: 'ada@example.com',
      subject: MAIL.subject,
      notificationId: ID,
    });
    expect(arrival!.raw).toContain('Message-ID: <ntf_');
    expect(arrival!.headers).toContainEqual(['Message-ID', MAIL.messageId]);
    const parts = arrival!.parsed as EmailParts;
    expect(parts.html).toContain('<b>Ada</b>');
    expect(parts.text).toContain('Hello Ada');
    expect(info.response).toContain(parts.queue_id);
  });

  it('does not say 250 before the mail is durable', async () => {
    kept.fault = new Error('the database is gone');
    await expect(send()).rejects.toMatchObject({ responseCode: 451 });
  });

  it.each([
    ['reject', 550, '5.1.1'],
    ['defer', 451, '4.7.1'],
    ['throttle', 421, '4.7.0'],
  ] as const)(
    'answers %s with %i %s before any content is sent, and keeps nothing',
    async (fault, code, enhanced) => {
      faults.next.push(fault);
      await expect(send()).rejects.toMatchObject({
        responseCode: code,
        response: expect.stringContaining(`${code} ${enhanced} `),
      });
      expect(kept.arrivals).toEqual([]);
      await send();
      expect(kept.arrivals).toHaveLength(1);
    },
  );

  it('takes one fault per mail, however many recipients it names', async () => {
    faults.next.push('reject', 'reject');
    await expect(send({ to: 'ada@example.com, bob@example.com' })).rejects.toMatchObject({
      responseCode: 550,
    });
    expect(faults.next).toEqual(['reject']);
  });

  it('takes the whole mail and never answers when it hangs: nothing is kept', async () => {
    faults.next.push('hang');
    await expect(send()).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    expect(kept.arrivals).toEqual([]);
  });

  it('keeps the mail and cuts the connection without an answer when it drops after the body', async () => {
    faults.next.push('drop_after_body');
    const failure: unknown = await send().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(failure).not.toHaveProperty('responseCode');
    expect(kept.arrivals).toMatchObject([{ to: 'ada@example.com', fault: 'drop_after_body' }]);
  });

  it('refuses a mail past its size and keeps serving', async () => {
    await expect(send({ text: 'x'.repeat(1_100_000), html: undefined })).rejects.toMatchObject({
      responseCode: 552,
    });
    await send();
    expect(kept.arrivals).toHaveLength(1);
  });

  it('keeps what is no MIME at all, raw, and says why it has no parts', async () => {
    const bomb = Array.from(
      { length: 80 },
      (_, i) => `Content-Type: multipart/mixed; boundary=b${i}\r\n\r\n--b${i}`,
    );
    await send({ raw: bomb.join('\r\n') });
    expect(kept.arrivals[0]!.raw).toContain('boundary=b79');
    expect((kept.arrivals[0]!.parsed as EmailParts).fault).toMatch(/nesting/i);
  });

  it('survives a sender that leaves in the middle of a mail', async () => {
    const socket = await talk(port, [
      'EHLO x',
      'MAIL FROM:<a@b.example>',
      'RCPT TO:<ada@example.com>',
      'DATA',
    ]);
    socket.write('Subject: half');
    socket.resetAndDestroy();
    await send();
    expect(kept.arrivals).toHaveLength(1);
  });

  it('cuts what is open when it stops', async () => {
    const socket = await talk(port, ['EHLO x']);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await catcher.stop();
    await closed;
    await expect(send()).rejects.toMatchObject({ code: expect.stringMatching(/ESOCKET|ECONNREFUSED/) });
  });
});

/** Speaks line by line, waiting for each answer. */
async function talk(port: number, lines: string[]): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  let heard = '';
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
  const answered = async (times: number) =>
    vi.waitFor(() => expect(heard.match(/^\d{3} .*\r\n/gm) ?? []).toHaveLength(times), {
      timeout: 5_000,
      interval: 5,
    });
  await answered(1);
  for (const [i, line] of lines.entries()) {
    socket.write(`${line}\r\n`);
    await answered(i + 2);
  }
  return socket;
}
