import type { ErrorClass, Failed } from '../domain/outcome.js';

/**
 * What a failed socket says about the request it carried: one table for every provider that speaks over a network.
 *
 * The line it draws is the one that decides about duplicates: up to the end of the TLS handshake nothing of a request
 * can have left, so it is `not_sent`; from then on the other side may have read it, so it is `in_doubt`. What is in no
 * row is in doubt, because nobody can say otherwise.
 *
 * Sources: Node's `errno` names and `error.syscall` (nodejs.org/api/errors.html), OpenSSL's certificate verification
 * results (nodejs.org/api/tls.html, "X509 certificate error codes"), undici's errors (undici.nodejs.org, "Errors").
 */
export interface NetworkFault {
  kind: Extract<Failed['kind'], 'not_sent' | 'in_doubt'>;
  class: Extract<ErrorClass, 'network' | 'configuration' | 'in_doubt'>;
  code: string;
  /** A sentence of ours and the raw error's code: never its text, which may name addresses. */
  detail: string;
  /** How far it came. A webhook's host is to blame up to `certificate`, its endpoint in `exchange`. */
  stage: NetworkStage;
}

export type NetworkStage = 'resolve' | 'connect' | 'tls' | 'certificate' | 'exchange';

export interface NetworkRow {
  code: string;
  stage: NetworkStage;
  sentence: string;
  /** Raw codes. With a syscall, both must agree. */
  raw: readonly string[];
  syscall?: RegExp;
}

const RESOLVING = /^(getaddrinfo|query[A-Z].*)$/;
const CONNECTING = /^connect$/;

/** First match wins; a row without raw codes takes every code of its syscall. */
export const NETWORK_ROWS: readonly NetworkRow[] = [
  {
    code: 'dns_not_found',
    stage: 'resolve',
    raw: ['ENOTFOUND', 'ENODATA', 'NXDOMAIN'],
    sentence: 'The host name does not exist.',
  },
  {
    code: 'dns_timeout',
    stage: 'resolve',
    raw: ['ETIMEOUT', 'ETIMEDOUT'],
    syscall: RESOLVING,
    sentence: 'The name server did not answer in time.',
  },
  {
    code: 'dns_failed',
    stage: 'resolve',
    raw: ['EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME', 'ESERVFAIL'],
    sentence: 'The host name could not be resolved.',
  },
  {
    code: 'dns_failed',
    stage: 'resolve',
    raw: [],
    syscall: RESOLVING,
    sentence: 'The host name could not be resolved.',
  },

  {
    code: 'connect_refused',
    stage: 'connect',
    raw: ['ECONNREFUSED'],
    sentence: 'The connection was refused.',
  },
  {
    code: 'connect_timeout',
    stage: 'connect',
    raw: ['UND_ERR_CONNECT_TIMEOUT'],
    sentence: 'The connection was not made in time.',
  },
  {
    code: 'connect_timeout',
    stage: 'connect',
    raw: ['ETIMEDOUT'],
    syscall: CONNECTING,
    sentence: 'The connection was not made in time.',
  },
  {
    code: 'connect_reset',
    stage: 'connect',
    raw: ['ECONNRESET'],
    syscall: CONNECTING,
    sentence: 'The connection was reset while it was made.',
  },
  {
    code: 'connect_unreachable',
    stage: 'connect',
    raw: ['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN', 'EADDRNOTAVAIL'],
    syscall: CONNECTING,
    sentence: 'The host cannot be reached from here.',
  },
  {
    code: 'connect_failed',
    stage: 'connect',
    raw: [],
    syscall: CONNECTING,
    sentence: 'The connection could not be made.',
  },
  // undici throws this only for a call made after close(); a call that was cut says UND_ERR_DESTROYED.
  {
    code: 'connect_closed',
    stage: 'connect',
    raw: ['UND_ERR_CLOSED'],
    sentence: 'The client was already closed.',
  },

  {
    code: 'tls_certificate_expired',
    stage: 'certificate',
    sentence: 'The certificate is not valid at this time.',
    raw: ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'],
  },
  {
    code: 'tls_certificate',
    stage: 'certificate',
    sentence: 'The certificate could not be verified.',
    raw: [
      'CERT_REVOKED',
      'CERT_REJECTED',
      'CERT_UNTRUSTED',
      'CERT_CHAIN_TOO_LONG',
      'CERT_SIGNATURE_FAILURE',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'UNABLE_TO_GET_ISSUER_CERT',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'INVALID_CA',
      'INVALID_PURPOSE',
      'HOSTNAME_MISMATCH',
      'ERR_TLS_CERT_ALTNAME_INVALID',
    ],
  },
  // Only what OpenSSL says before a handshake is done: a later alert may follow a request that was read.
  {
    code: 'tls_handshake',
    stage: 'tls',
    sentence: 'The TLS handshake failed.',
    raw: [
      'ERR_SSL_WRONG_VERSION_NUMBER',
      'ERR_SSL_UNSUPPORTED_PROTOCOL',
      'ERR_SSL_NO_PROTOCOLS_AVAILABLE',
      'ERR_SSL_PACKET_LENGTH_TOO_LONG',
      'ERR_SSL_HTTP_REQUEST',
      'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
      'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
      'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
      'ERR_SSL_TLSV1_UNRECOGNIZED_NAME',
      'ERR_SSL_TLSV1_ALERT_UNRECOGNIZED_NAME',
      'ERR_SSL_DH_KEY_TOO_SMALL',
      'ERR_TLS_HANDSHAKE_TIMEOUT',
    ],
  },

  {
    code: 'answer_timeout',
    stage: 'exchange',
    raw: ['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'],
    sentence: 'No answer came in time.',
  },
  {
    code: 'answer_timeout',
    stage: 'exchange',
    raw: ['ETIMEDOUT', 'ETIMEOUT'],
    sentence: 'No answer came in time.',
  },
  {
    code: 'connection_lost',
    stage: 'exchange',
    raw: ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE', 'ECONNABORTED'],
    sentence: 'The connection was lost before the answer.',
  },
  {
    code: 'answer_too_large',
    stage: 'exchange',
    raw: ['UND_ERR_RES_EXCEEDED_MAX_SIZE', 'UND_ERR_HEADERS_OVERFLOW'],
    sentence: 'The answer was larger than allowed.',
  },
  {
    code: 'call_cut',
    stage: 'exchange',
    raw: ['UND_ERR_ABORTED', 'UND_ERR_DESTROYED', 'ABORT_ERR', 'ERR_STREAM_PREMATURE_CLOSE'],
    sentence: 'The call was cut from this side before the answer.',
  },
];

const UNPARSABLE: NetworkRow = {
  code: 'answer_unparsable',
  stage: 'exchange',
  raw: [],
  sentence: 'The answer was not HTTP.',
};
const UNKNOWN: NetworkRow = {
  code: 'network_unknown',
  stage: 'exchange',
  raw: [],
  sentence: 'The call ended in an error that says nothing of the request.',
};
const HANDSHAKE_CUT: NetworkRow = {
  code: 'tls_handshake',
  stage: 'tls',
  raw: [],
  sentence: 'The connection was lost during the TLS handshake.',
};

/** Node gives this reset no syscall; its text is the only mark that it came before the handshake was done. */
const HANDSHAKE_CUT_TEXT = 'Client network socket disconnected before secure TLS connection was established';

/** Always answers; never throws. `error` is whatever a socket, `fetch` or undici threw. */
export function networkFaultOf(error: unknown): NetworkFault {
  const { code, syscall, message } = rawOf(error);
  const row = rowOf(code, syscall, message);
  const isBefore = row.stage !== 'exchange';
  return {
    kind: isBefore ? 'not_sent' : 'in_doubt',
    // A certificate that cannot be verified does not heal in seconds: an operator must look at it.
    class: row.stage === 'certificate' ? 'configuration' : isBefore ? 'network' : 'in_doubt',
    code: row.code,
    detail: code === '' ? row.sentence : `${row.sentence} (${code})`,
    stage: row.stage,
  };
}

function rowOf(code: string, syscall: string, message: string): NetworkRow {
  if (message === HANDSHAKE_CUT_TEXT) return HANDSHAKE_CUT;
  if (code.startsWith('HPE_')) return UNPARSABLE; // llhttp, undici's parser
  return NETWORK_ROWS.find((row) => isRow(row, code, syscall)) ?? UNKNOWN;
}

const isRow = (row: NetworkRow, code: string, syscall: string): boolean =>
  (row.raw.length === 0 || row.raw.includes(code)) &&
  (row.syscall === undefined || row.syscall.test(syscall));

interface Raw {
  code: string;
  syscall: string;
  message: string;
}

/** `fetch` hides the reason in `cause`; a host with several addresses fails with one error per address. */
function rawOf(error: unknown, depth = 0): Raw {
  if (typeof error !== 'object' || error === null) return { code: '', syscall: '', message: '' };
  const { code, syscall, message, cause, errors } = error as Record<string, unknown>;
  const inner = Array.isArray(errors) ? (errors[0] as unknown) : code === undefined ? cause : undefined;
  if (inner !== undefined && depth < 3) return rawOf(inner, depth + 1);
  return { code: token(code), syscall: token(syscall), message: typeof message === 'string' ? message : '' };
}

/** Codes are copied into outcomes, so only what looks like one passes. */
const token = (value: unknown): string =>
  typeof value === 'string' && /^[A-Za-z][\w/]{0,63}$/.test(value) ? value : '';
