import { describe, expect, it } from 'vitest';

import { smtpFailure } from '../../../src/channels/email/providers/smtp/smtp-failure.js';

const raised = (fields: object): Error => Object.assign(new Error('to ada@example.com: broken'), fields);
const BEFORE = { isBodyOut: false, cutBy: undefined } as const;
const AFTER = { isBodyOut: true, cutBy: undefined } as const;

describe('a failed SMTP send', () => {
  it.each([
    [{ code: 'ECONNECTION', command: 'CONN' }, 'smtp_connection_lost', 'smtp_answer_lost'],
    [
      { code: 'ESOCKET', originalCode: 'ECONNRESET', syscall: 'read' },
      'smtp_connection_lost',
      'smtp_answer_lost',
    ],
    [{ code: 'ETIMEDOUT', timeoutType: 'SOCKET_TIMEOUT' }, 'smtp_timeout', 'smtp_answer_timeout'],
    [{ code: 'EPROTOCOL', response: 'what?' }, 'smtp_protocol', 'smtp_answer_unparsable'],
  ])('%o is not sent before the body ended, and in doubt after it', (fields, before, after) => {
    expect(smtpFailure(raised(fields), BEFORE, [])).toMatchObject({
      kind: 'not_sent',
      class: 'network',
      code: before,
    });
    expect(smtpFailure(raised(fields), AFTER, [])).toMatchObject({ kind: 'in_doubt', code: after });
  });

  it('takes a refusal for an answer in both stages', () => {
    const refused = raised({ code: 'EMESSAGE', response: '554 5.6.0 no', command: 'DATA' });
    for (const state of [BEFORE, AFTER]) expect(smtpFailure(refused, state, []).kind).toBe('rejected');
  });

  it.each([
    [
      { code: 'ESOCKET', originalCode: 'ECONNREFUSED', syscall: 'connect' },
      { class: 'network', code: 'connect_refused' },
    ],
    [
      { code: 'EDNS', originalCode: 'ENOTFOUND', syscall: 'getaddrinfo' },
      { class: 'network', code: 'dns_not_found' },
    ],
    [{ code: 'EDNS' }, { class: 'network', code: 'dns_failed' }],
    [
      { code: 'ETIMEDOUT', timeoutType: 'CONNECT_TIMEOUT' },
      { class: 'network', code: 'connect_timeout' },
    ],
    [
      { code: 'ETIMEDOUT', timeoutType: 'GREETING_TIMEOUT' },
      { class: 'network', code: 'smtp_greeting_timeout' },
    ],
    [
      { code: 'ETIMEDOUT', timeoutType: 'UPGRADE_TIMEOUT' },
      { class: 'network', code: 'tls_handshake' },
    ],
    [{ code: 'ETLS' }, { class: 'network', code: 'tls_handshake' }],
    [
      { code: 'ETLS', originalCode: 'CERT_HAS_EXPIRED' },
      { class: 'configuration', code: 'tls_certificate_expired' },
    ],
    [{ code: 'ENOAUTH' }, { kind: 'rejected', class: 'configuration', code: 'smtp_auth' }],
    [{ code: 'EFILEACCESS' }, { class: 'internal', code: 'smtp_refused_locally', scope: 'message' }],
    [{}, { class: 'internal', code: 'smtp_bug', scope: 'message' }],
  ])('%o before the body ended', (fields, expected) => {
    const failure = smtpFailure(raised(fields), BEFORE, ['ada@example.com']);
    expect(failure).toMatchObject({ kind: 'not_sent', ...expected });
    expect(failure.detail).not.toContain('ada');
  });

  it('consumes no attempt, and blames nobody, when this process stopped', () => {
    const aborted = raised({ code: 'EABORT' });
    expect(smtpFailure(aborted, { ...BEFORE, cutBy: 'shutdown' }, [])).toMatchObject({
      kind: 'not_sent',
      class: 'lease',
      scope: 'message',
    });
    expect(smtpFailure(aborted, { ...AFTER, cutBy: 'shutdown' }, [])).toMatchObject({
      kind: 'in_doubt',
      scope: 'message',
    });
  });
});
