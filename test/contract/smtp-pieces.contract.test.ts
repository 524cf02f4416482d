import { describe, expect, it } from 'vitest';

import { readSmtpOptions } from '../../src/channels/email/providers/smtp/smtp.options.js';
import { createSmtpTransport } from '../../src/channels/email/providers/smtp/smtp.transport.js';
import { closingAfterEach } from '../support/closing.js';
import { startScriptedSmtp } from '../support/scripted-smtp.js';

/** What the socket of Node 20 buffers; the encoder of a part gives at most four times of it at once. Bytes. */
const SOCKET_BUFFER = 16 * 1_024;
const LARGEST_PIECE = 5 * SOCKET_BUFFER;

const LINE = 'A line of a letter, with an umlaut (ü) and a dot at its end.\n.\n';

describe('a mail on its way to the socket', () => {
  const closing = closingAfterEach();

  /** The sizes of what is written, and what arrived. */
  async function send(text: string): Promise<{ sizes: number[]; raw: string }> {
    const server = closing(await startScriptedSmtp());
    const settings = readSmtpOptions({ url: server.url, from: 'Acme <no-reply@acme.example>' });
    const transport = createSmtpTransport(settings, { concurrency: 1, timeoutMs: 5_000 }, new WeakMap());
    closing({ close: async () => transport.close() });
    const sizes: number[] = [];
    transport.use('stream', (mail, done) => {
      const open = mail.message.createReadStream.bind(mail.message);
      mail.message.createReadStream = () => {
        const stream = open();
        const push = stream.push.bind(stream);
        stream.push = (piece: Buffer | null) => {
          if (piece) sizes.push(piece.length);
          return push(piece);
        };
        return stream;
      };
      done();
    });
    const envelope = { from: 'no-reply@acme.example', to: 'ada@example.com' };
    await transport.sendMail({ ...envelope, envelope, subject: 'Hello', text, html: `<p>${text}</p>` });
    return { sizes, raw: server.messages[0]!.raw };
  }

  it('is one piece when it fits the socket’s buffer', async () => {
    const { sizes, raw } = await send(LINE);
    expect(sizes).toHaveLength(1);
    expect(raw).toContain('umlaut (=C3=BC)');
  });

  it('is many when it does not, so that a server which stops reading is not taken for one that has it all', async () => {
    const { sizes, raw } = await send(LINE.repeat(3_000));
    expect(Math.max(...sizes)).toBeLessThan(LARGEST_PIECE);
    expect(sizes.length).toBeGreaterThan(5);
    expect(sizes.slice(0, -1).every((size) => size >= SOCKET_BUFFER)).toBe(true);
    expect(raw.split('umlaut (=C3=BC)')).toHaveLength(2 * 3_000 + 1);
  });
});
