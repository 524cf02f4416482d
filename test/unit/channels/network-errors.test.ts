import { describe, expect, it } from 'vitest';

import { NETWORK_ROWS, networkFaultOf } from '../../../src/channels/network-errors.js';

const raised = (code: string, syscall?: string): Error =>
  Object.assign(new Error(`${syscall ?? 'call'} ${code} 192.0.2.1:443 ada@example.com`), { code, syscall });

/** One error per raw code of the table, raised the way Node and undici raise it. */
const SYSCALL_OF: Record<string, string> = { resolve: 'getaddrinfo', connect: 'connect' };
const cases = NETWORK_ROWS.flatMap((row) =>
  (row.raw.length === 0 ? ['EOTHER'] : row.raw).map((raw) => ({
    raw,
    syscall: row.syscall ? SYSCALL_OF[row.stage] : undefined,
    row,
  })),
);

describe('the network table', () => {
  it.each(cases)('$raw ($syscall) is $row.code', ({ raw, syscall, row }) => {
    const fault = networkFaultOf(raised(raw, syscall));
    expect(fault).toMatchObject({ code: row.code, stage: row.stage });
    expect(fault.kind).toBe(row.stage === 'exchange' ? 'in_doubt' : 'not_sent');
    expect(fault.class).toBe(
      row.stage === 'exchange' ? 'in_doubt' : row.stage === 'certificate' ? 'configuration' : 'network',
    );
  });

  it.each([
    ['connect', 'not_sent', 'connect_reset'],
    ['read', 'in_doubt', 'connection_lost'],
    [undefined, 'in_doubt', 'connection_lost'],
  ])('tells a reset at %s by its syscall', (syscall, kind, code) => {
    expect(networkFaultOf(raised('ECONNRESET', syscall))).toMatchObject({ kind, code });
  });

  it.each([
    ['connect', 'not_sent', 'connect_timeout'],
    ['getaddrinfo', 'not_sent', 'dns_timeout'],
    ['read', 'in_doubt', 'answer_timeout'],
  ])('tells a timeout at %s by its syscall', (syscall, kind, code) => {
    expect(networkFaultOf(raised('ETIMEDOUT', syscall))).toMatchObject({ kind, code });
  });

  it('knows a reset during the TLS handshake, which has no syscall', () => {
    const error = Object.assign(
      new Error('Client network socket disconnected before secure TLS connection was established'),
      { code: 'ECONNRESET' },
    );
    expect(networkFaultOf(error)).toMatchObject({ kind: 'not_sent', code: 'tls_handshake' });
  });

  it('reads the first of several addresses that failed, and the cause that fetch hides', () => {
    const several = Object.assign(new AggregateError([raised('ECONNREFUSED', 'connect')]), {
      code: 'ECONNREFUSED',
    });
    expect(networkFaultOf(several)).toMatchObject({ kind: 'not_sent', code: 'connect_refused' });
    expect(networkFaultOf(new TypeError('fetch failed', { cause: several })).code).toBe('connect_refused');
  });

  it('holds answers that are not HTTP for in doubt', () => {
    expect(networkFaultOf(raised('HPE_INVALID_CONSTANT'))).toMatchObject({
      kind: 'in_doubt',
      code: 'answer_unparsable',
    });
  });

  it.each([[undefined], [null], ['text'], [new Error('odd')], [{ code: 42 }], [{ code: 'E\r\nX' }]])(
    'holds what it does not know for in doubt: %o',
    (error) => {
      expect(networkFaultOf(error)).toMatchObject({
        kind: 'in_doubt',
        class: 'in_doubt',
        code: 'network_unknown',
      });
    },
  );

  it('never repeats the text of an error', () => {
    for (const { raw, syscall } of cases) {
      expect(networkFaultOf(raised(raw, syscall)).detail).not.toMatch(/ada|192\.0\.2/);
    }
  });
});
