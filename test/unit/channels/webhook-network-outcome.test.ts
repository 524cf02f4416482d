import { describe, expect, it } from 'vitest';

import { networkOutcome } from '../../../src/channels/webhook/providers/http/network-outcome.js';

const raised = (code: string, syscall?: string): Error => Object.assign(new Error(code), { code, syscall });

describe('a webhook that got no answer', () => {
  it.each([
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'HOSTNAME_MISMATCH',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'CERT_REVOKED',
  ])('is given up because of a certificate that no retry cures: %s', (code) => {
    expect(networkOutcome(raised(code))).toMatchObject({
      kind: 'rejected',
      class: 'permanent',
      code: 'tls_certificate',
      scope: 'host',
    });
  });

  it.each(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'])(
    'waits for a certificate that time cures: %s',
    (code) => {
      expect(networkOutcome(raised(code))).toMatchObject({
        kind: 'not_sent',
        class: 'slow',
        code: 'tls_certificate_expired',
        scope: 'host',
      });
    },
  );

  it.each([
    ['ECONNREFUSED', 'connect', 'not_sent', 'host'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', undefined, 'not_sent', 'host'],
    ['ECONNRESET', 'read', 'in_doubt', 'endpoint'],
  ] as const)('takes %s for a receiver that is down', (code, syscall, kind, scope) => {
    expect(networkOutcome(raised(code, syscall))).toMatchObject({ kind, class: 'slow', scope });
  });
});
