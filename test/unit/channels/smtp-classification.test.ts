import { describe, expect, it } from 'vitest';

import { classifySmtpReply, parseSmtpReply, SMTP_ROWS } from '../../../src/channels/email/classification.js';
import type { Failed } from '../../../src/domain/outcome.js';

const classify = (response: string, command = 'RCPT TO'): Failed =>
  classifySmtpReply(parseSmtpReply(response, command)!, ['ada@example.com']);

type Verdict = [
  response: string,
  command: string,
  kind: Failed['kind'],
  errorClass: Failed['class'],
  scope: Failed['scope'],
];

describe('the SMTP table', () => {
  it.each<Verdict>([
    ['421 4.3.2 shutting down', 'RCPT TO', 'deferred', 'retry', 'provider'],
    ['421 too many connections', 'CONN', 'deferred', 'retry', 'provider'],
    ['450 mailbox busy', 'RCPT TO', 'deferred', 'slow', 'message'],
    ['451 4.7.1 greylisted', 'RCPT TO', 'deferred', 'slow', 'message'],
    ['451 4.3.0 queue file write error', 'DATA', 'deferred', 'retry', 'message'],
    ['451 4.4.1 upstream is silent', 'DATA', 'deferred', 'retry', 'message'],
    ['452 4.2.2 over quota', 'RCPT TO', 'deferred', 'slow', 'message'],
    ['452 4.3.1 insufficient system storage', 'DATA', 'deferred', 'slow', 'message'],
    ['450 4.2.1 The user is receiving mail too quickly', 'RCPT TO', 'deferred', 'slow', 'message'],
    ['450 4.2.1 Peak SMTP relay limit exceeded for customer', 'RCPT TO', 'deferred', 'throttled', 'provider'],
    ['454 Throttling failure: Maximum sending rate exceeded', 'DATA', 'deferred', 'throttled', 'provider'],
    ['454 Throttling failure: Daily message quota exceeded', 'DATA', 'deferred', 'throttled', 'provider'],
    ['432 4.3.2 Concurrent connections limit exceeded', 'DATA', 'deferred', 'throttled', 'provider'],
    ['550 5.4.5 Daily user sending limit exceeded', 'DATA', 'deferred', 'throttled', 'provider'],
    ['454 4.7.0 Temporary authentication failure', 'AUTH PLAIN', 'deferred', 'retry', 'provider'],
    ['450 not now', 'EHLO', 'deferred', 'retry', 'provider'],

    ['535 5.7.8 bad credentials', 'AUTH PLAIN', 'rejected', 'configuration', 'provider'],
    ['530 5.7.0 Must issue STARTTLS first', 'MAIL FROM', 'rejected', 'configuration', 'provider'],
    ['534 5.7.9 mechanism too weak', 'AUTH PLAIN', 'rejected', 'configuration', 'provider'],
    ['503 5.5.1 AUTH first', 'RCPT TO', 'rejected', 'configuration', 'provider'],
    ['502 5.5.2 what?', 'STARTTLS', 'rejected', 'configuration', 'provider'],
    ['554 5.7.1 your address is blocked', 'CONN', 'rejected', 'configuration', 'provider'],
    ['550 5.7.1 sender not allowed', 'MAIL FROM', 'rejected', 'configuration', 'provider'],
    ['553 5.1.8 sender domain does not exist', 'RCPT TO', 'rejected', 'configuration', 'provider'],
    ['550 5.7.60 cannot send as this sender', 'DATA', 'rejected', 'configuration', 'provider'],
    ['554 Message rejected: Email address is not verified.', 'DATA', 'rejected', 'configuration', 'provider'],

    ['550 5.1.1 no such user', 'RCPT TO', 'rejected', 'suppress', 'message'],
    ['550 5.1.2 no such domain', 'RCPT TO', 'rejected', 'suppress', 'message'],
    ['501 5.1.3 bad address', 'RCPT TO', 'rejected', 'suppress', 'message'],
    ['551 5.1.6 moved', 'RCPT TO', 'rejected', 'suppress', 'message'],
    ['556 5.1.10 null MX', 'RCPT TO', 'rejected', 'suppress', 'message'],
    ['556 takes no mail', 'RCPT TO', 'rejected', 'suppress', 'message'],
    ['521 takes no mail', 'RCPT TO', 'rejected', 'suppress', 'message'],
    ['550 5.2.1 mailbox disabled', 'RCPT TO', 'rejected', 'suppress', 'message'],
    [
      '550 5.2.1 The user is receiving mail at a rate that prevents …',
      'RCPT TO',
      'deferred',
      'slow',
      'message',
    ],

    ['552 5.2.2 mailbox full', 'RCPT TO', 'rejected', 'permanent', 'message'],
    ['552 5.3.4 too big', 'MAIL FROM', 'rejected', 'permanent', 'message'],
    ['552 5.2.3 too big for you', 'DATA', 'rejected', 'permanent', 'message'],
    ['550 5.7.1 spam', 'DATA', 'rejected', 'permanent', 'message'],
    ['550 5.7.26 unauthenticated', 'DATA', 'rejected', 'permanent', 'message'],
    ['554 5.4.7 expired', 'DATA', 'rejected', 'permanent', 'message'],
    ['451 4.4.7 expired', 'DATA', 'rejected', 'permanent', 'message'],
    ['550 no', 'RCPT TO', 'rejected', 'permanent', 'message'],
    ['554 no', 'DATA', 'rejected', 'permanent', 'message'],
    ['599 5.9.9 never heard of', 'DATA', 'rejected', 'permanent', 'message'],
    ['499 never heard of', 'DATA', 'deferred', 'retry', 'message'],
  ])('%s at %s is %s, %s, %s', (response, command, kind, errorClass, scope) => {
    expect(classify(response, command)).toMatchObject({ kind, class: errorClass, scope });
  });

  it('has a row for every refusal there can be', () => {
    for (let code = 400; code <= 599; code++) {
      for (const command of ['CONN', 'EHLO', 'AUTH PLAIN', 'MAIL FROM', 'RCPT TO', 'DATA']) {
        expect(classify(`${code} x`, command).kind).toMatch(/^(deferred|rejected)$/);
      }
    }
  });

  it('suppresses nobody and opens no breaker by a text alone', () => {
    for (const row of SMTP_ROWS.filter((one) => one.text)) expect(row.then.class).not.toBe('suppress');
  });

  it.each([
    ['550 5.1.1 <ada@example.com> no', 'smtp_550_5.1.1', '550 5.1.1 <<hidden>> no'],
    ['550-5.1.1 first\n550 5.1.1 second', 'smtp_550_5.1.1', '550-5.1.1 first 550 5.1.1 second'],
    ['550 nobody named ada', 'smtp_550', '550 nobody named <hidden>'],
    ['550 4.2.2 contradicts itself', 'smtp_550', '550 4.2.2 contradicts itself'],
    ['550 5.1.1', 'smtp_550_5.1.1', '550 5.1.1'],
    ['550 5.1.1x', 'smtp_550', '550 5.1.1x'],
    ['550', 'smtp_550', '550'],
  ])('reads %j', (response, code, detail) => {
    expect(classify(response)).toMatchObject({ code, detail });
  });

  it.each(['', '250 ok', '354 go', '55', '5500 5.1.1', 'HTTP/1.1 500', ' 550 x', '600 x'])(
    '%j is no refusal',
    (response) => {
      expect(parseSmtpReply(response, 'DATA')).toBeUndefined();
    },
  );
});
