import { describe, expect, it } from 'vitest';

import { readSmtpOptions } from '../../../src/channels/email/providers/smtp/smtp.options.js';

const FROM = 'Acme <no-reply@acme.example>';

describe('the options of an SMTP provider', () => {
  it.each([
    [
      'smtp://relay.example',
      { host: 'relay.example', port: 587, isSecure: false, requireTls: false, credentials: undefined },
    ],
    ['smtps://relay.example', { port: 465, isSecure: true, requireTls: false }],
    [
      'smtp://u:p%40ss@relay.example:2525',
      { port: 2525, requireTls: true, credentials: { user: 'u', pass: 'p@ss' } },
    ],
    ['smtp://u:p@127.0.0.1:1025', { requireTls: false }],
    ['smtp://u:p@localhost', { requireTls: false }],
    ['smtp://[::1]:25', { host: '::1', port: 25 }],
  ])('%s', (url, server) => {
    expect(readSmtpOptions({ url, from: FROM }).server).toMatchObject(server);
  });

  it.each([
    [
      'Acme <no-reply@ACME.example>',
      { name: 'Acme', address: 'no-reply@acme.example', domain: 'acme.example' },
    ],
    ['"Acme, Inc." <a@acme.example>', { name: 'Acme, Inc.', address: 'a@acme.example' }],
    ['a@acme.example', { name: '', address: 'a@acme.example' }],
    [' <a@acme.example> ', { name: '', address: 'a@acme.example' }],
  ])('from %s', (from, sender) => {
    expect(readSmtpOptions({ url: 'smtp://relay.example', from }).from).toMatchObject(sender);
  });

  it('waits five minutes for the answer to a mail, or as long as it is told', () => {
    expect(readSmtpOptions({ url: 'smtp://x.example', from: FROM }).answerTimeoutMs).toBe(300_000);
    expect(
      readSmtpOptions({ url: 'smtp://x.example', from: FROM, answer_timeout: '10s' }).answerTimeoutMs,
    ).toBe(10_000);
  });

  it.each([
    [{ url: 'http://x', from: FROM }, /^url must/],
    [{ url: 'smtp://', from: FROM }, /^url must/],
    [{ url: 'smtp://u:secret@x/?proxy=http://evil', from: FROM }, /^url must end/],
    [{ url: 'smtp://u:secret%zz@x', from: FROM }, /^url must have/],
    [{ url: 'smtp://x', from: 'Acme' }, /^from must/],
    [{ url: 'smtp://x', from: 'a@x.example, b@x.example' }, /^from must/],
    [{ url: 'smtp://x', from: 'Acme\r\nBcc: x <a@x.example>' }, /^from must/],
  ])('refuses %o and keeps the password to itself', (options, message) => {
    expect(() => readSmtpOptions(options)).toThrow(message);
    expect(() => readSmtpOptions(options)).not.toThrow(/secret/);
  });
});
