import { fileURLToPath } from 'node:url';

import MailComposer from 'nodemailer/lib/mail-composer';
import { describe, expect, it } from 'vitest';

import { MailStream } from '../../../src/channels/email/providers/smtp/mail-stream.js';
import { composeStraight, isStraight } from '../../../src/channels/email/providers/smtp/straight-mail.js';
import { Templates } from '../../../src/templating/templates.js';

interface Letter {
  subject: string;
  text: string;
  html?: string;
}

type Options = ConstructorParameters<typeof MailComposer>[0];

const HEAD = {
  from: { name: 'Ärger & Söhne', address: 'no-reply@acme.example' },
  to: { name: '', address: 'ada@example.com' },
  messageId: '<ntf_a.3f9a@acme.example>',
  date: new Date('2026-11-22T09:00:00Z'),
  baseBoundary: 'the-same-for-both',
  headers: {
    'Auto-Submitted': 'auto-generated',
    'List-Unsubscribe': { prepared: true, value: `<https://acme.example/u/${'x'.repeat(200)}?ü>` },
  },
};

const treeOf = (options: Options) => new MailComposer(options).compile();

/** Each way has a tree of its own: what one changes in it must not be what the other reads. */
async function expectSame(options: Options): Promise<void> {
  const ours = treeOf(options);
  expect(isStraight(ours)).toBe(true);
  const theirs = await treeOf(options).build();
  expect(composeStraight(ours).toString()).toBe(theirs.toString());
}

/** As the provider sends it, and as nodemailer chooses by itself. */
async function expectSameLetter(letter: Letter): Promise<void> {
  await expectSame({ ...HEAD, ...letter });
  await expectSame({ ...HEAD, ...letter, textEncoding: 'quoted-printable' });
  await expectSame({ ...HEAD, ...letter, encoding: 'base64' });
}

const UMLAUTS = 'Falsches Üben von Xylophonmusik quält jeden größeren Zwerg. ';
const EMOJI = '👩‍👩‍👧‍👦 🎉 ';
const KANJI = '請求書が発行されました。';

const TEXTS: [name: string, text: string][] = [
  ['nothing', ''],
  ['one character', 'a'],
  ['no line break at the end', 'Hello\nBye'],
  ['a line break at the end', 'Hello\nBye\n'],
  ['mail’s line breaks', 'Hello\r\nBye\r\n'],
  ['empty lines at the end', 'Hello\n\n\n\n'],
  ['nothing but line breaks', '\n\r\n\r\r\n'],
  ['CR and LF alone', 'a\rb\nc\r\n\rd\n\r'],
  ['a CR at the end', 'Hello\r'],
  ['umlauts and a CR at the end', `${UMLAUTS}\r`],
  ['blanks at the ends of lines', 'a \nb\t\r\nc  \rd '],
  ['umlauts and blanks at the end', `${UMLAUTS}\n${UMLAUTS} \t `],
  ['nothing but blanks, in a long line', ' '.repeat(500)],
  ['dots at the beginning of lines', '.\n..\n.a\r\n.\r\n'],
  ['From at the beginning of lines', 'From here\nFrom  there\n>From\n'],
  ['what looks like a boundary', '--\n----_NmP-the-same-for-both-Part_1--\n'],
  ['a line of 76, of 77', `${'x'.repeat(76)}\n${'x'.repeat(77)}\n`],
  ['a very long line', 'word '.repeat(5_000)],
  ['a very long word', 'x'.repeat(20_000)],
  ['equals signs', '='.repeat(300)],
  ['umlauts', UMLAUTS.repeat(20)],
  ['a few of many characters', `${'Hello, dear reader. '.repeat(50)}ü`],
  ['emoji', EMOJI.repeat(60)],
  ['nothing but what is not ASCII', KANJI.repeat(100)],
  ['half of a pair', 'a\ud83d b \udc00'],
  ['control characters', 'a\0b\u0007c\u007fd\u0085e\u2028f'],
  ['what fills 64 KiB', 'x'.repeat(64 * 1_024)],
  ['a blank at the end of 64 KiB', `${'x '.repeat(32 * 1_024)}and more ü`],
  ['a character across 64 KiB', `${'x'.repeat(64 * 1_024 - 1)}ü and more`],
  ['200 KB', `<p>${UMLAUTS}</p>\n`.repeat(3_000)],
  ['200 KB in one line', UMLAUTS.repeat(3_300)],
];

describe('a mail composed at once is what nodemailer streams', () => {
  it.each(TEXTS)('%s', async (_, content) => {
    await expectSameLetter({ subject: 'Hello', text: content });
    await expectSameLetter({ subject: 'Hello', text: content, html: `<p>${content}</p>` });
    await expectSameLetter({ subject: 'Hello', text: 'Hello', html: content });
  });

  it.each([
    ['umlauts', UMLAUTS],
    ['emoji', EMOJI],
    ['nothing that is ASCII', KANJI],
    ['a header that it must not become', 'a\r\nBcc: evil@example.net'],
    ['a blank', ' '],
    ['a very long word', 'x'.repeat(2_000)],
    ['very many words', UMLAUTS.repeat(30)],
  ])('under a subject of %s', async (_, subject) =>
    expectSameLetter({ subject, text: 'Hello', html: '<p>Hello</p>' }),
  );

  const templates = Templates.load(fileURLToPath(new URL('../../../templates', import.meta.url)));
  const letters = templates
    .list()
    .filter(({ name }) => templates.hasEmail(name))
    .flatMap(({ name, locales }) => [undefined, ...locales].map((locale) => [name, locale] as const));

  it.each(letters)('for the template %s in the language %s', async (name, locale) =>
    expectSameLetter(templates.renderEmail(name, locale, templates.sampleOf(name, locale))),
  );

  it('for three hundred letters that nobody thought of', async () => {
    const random = seeded(20_261_122);
    for (let i = 0; i < 300; i++) {
      const letter = { subject: anyText(random, 8), text: anyText(random, 60) };
      await expectSameLetter(random() < 0.5 ? letter : { ...letter, html: anyText(random, 200) });
    }
  });
});

describe('what only nodemailer composes', () => {
  const letter = { ...HEAD, subject: 'Hello', text: 'Hello', html: '<p>Hello</p>' };

  it.each<[string, Options]>([
    ['a mail that is given as it is', { ...HEAD, raw: 'Subject: Hello\r\n\r\nHello' }],
    ['an attachment that is no text', { ...letter, attachments: [{ filename: 'a.png', content: 'a' }] }],
    ['a part of bytes', { ...HEAD, text: { content: Buffer.from('Hello'), path: '' } }],
    ['a part in a file', { ...HEAD, text: { path: '/etc/hostname' } }],
    ['line breaks of another kind', { ...letter, newline: 'windows' }],
  ])('%s', (_, options) => expect(isStraight(treeOf(options))).toBe(false));

  it('what is transformed or signed on its way', () => {
    const transformed = treeOf(letter);
    transformed.transform(() => {
      throw new Error('Nobody reads this.');
    });
    const signed = treeOf(letter);
    signed.processFunc((input) => input);
    expect([transformed, signed].map(isStraight)).toEqual([false, false]);
  });
});

describe('a mail as a stream', () => {
  it('comes in pieces that a socket buffers, and ends with the last', async () => {
    const mail = Buffer.from('0123456789'.repeat(5_000));
    const pieces: Buffer[] = [];
    for await (const piece of new MailStream(() => mail)) pieces.push(piece as Buffer);
    expect(pieces.map(({ length }) => length)).toEqual([16_384, 16_384, 16_384, 848]);
    expect(Buffer.concat(pieces).equals(mail)).toBe(true);
  });

  it('is not composed before somebody reads it', () => {
    let composed = 0;
    const stream = new MailStream(() => Buffer.from(`${++composed}`));
    expect(composed).toBe(0);
    expect(String(stream.read())).toBe('1');
    expect(composed).toBe(1);
  });

  it('ends with the error when it cannot be composed', async () => {
    const stream = new MailStream(() => {
      throw new Error('no such encoding');
    });
    await expect(stream.toArray()).rejects.toThrow('no such encoding');
  });
});

const SCRAPS = [
  ...['\n', '\r', '\r\n', ' ', '\t', '.', '=', '=3D', ',', '?', '--', 'From ', '\n.', '\n\n'],
  ...['a', 'word', 'Hello', 'ü', 'ß', '€', '漢字', '🎉', '\ud83d', '\0', '<p class="x">', '</p>'],
  ...['https://acme.example/path?query=1', 'x'.repeat(40), 'x'.repeat(90)],
];

const anyText = (random: () => number, most: number): string =>
  Array.from(
    { length: Math.floor(random() * most) },
    () => SCRAPS[Math.floor(random() * SCRAPS.length)],
  ).join('');

/** mulberry32: the same letters in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
