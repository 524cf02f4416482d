import { type Static, Type } from 'typebox';

import { DURATION_PATTERN, parseDurationMs } from '../../../../platform/config/units.js';
import { readSender, type Sender } from '../../sender.js';

/** What `posthaste.yaml` says about a provider of kind `smtp` beyond the common fields. */
export const SmtpOptions = Type.Object(
  {
    url: Type.String({
      pattern: '^smtps?://',
      description: 'smtp://user:password@host:587 or smtps://…:465.',
    }),
    from: Type.String({ minLength: 3, maxLength: 320, description: 'Acme <no-reply@acme.example>' }),
    require_tls: Type.Optional(
      Type.Boolean({
        description: 'Refuse to talk without STARTTLS. Default: when credentials would leave this machine.',
      }),
    ),
    answer_timeout: Type.Optional(
      Type.String({
        pattern: DURATION_PATTERN,
        description: 'Wait for the answer to a complete mail. Default: 300s.',
      }),
    ),
  },
  { additionalProperties: false },
);

export interface SmtpServer {
  host: string;
  port: number;
  isSecure: boolean;
  requireTls: boolean;
  credentials: { user: string; pass: string } | undefined;
}

export interface SmtpSettings {
  server: SmtpServer;
  from: Sender;
  answerTimeoutMs: number;
}

/**
 * RFC 5321 §4.5.3.2.6 asks for ten minutes of patience after the final dot, so that a slow server does not make
 * duplicates. Half of it: a worker's slot is held all the while, and what is still open then is repeated no sooner than it
 * would have been answered.
 */
const DEFAULT_ANSWER_TIMEOUT_MS = 300_000;

/** Throws an Error that names the option and what is wanted; never repeats the URL, which holds the password. */
export function readSmtpOptions(options: Record<string, unknown>): SmtpSettings {
  const raw = options as Static<typeof SmtpOptions>;
  const server = readUrl(raw.url);
  const answerTimeout = raw.answer_timeout === undefined ? undefined : parseDurationMs(raw.answer_timeout);
  return {
    server: { ...server, requireTls: raw.require_tls ?? server.requireTls },
    from: readSender(raw.from),
    answerTimeoutMs: answerTimeout ?? DEFAULT_ANSWER_TIMEOUT_MS,
  };
}

function readUrl(text: string): SmtpServer {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || url.hostname === '' || !/^smtps?:$/.test(url.protocol)) {
    throw new Error('url must be smtp://host:port or smtps://host:port');
  }
  if (url.search !== '' || url.hash !== '' || !/^\/?$/.test(url.pathname)) {
    throw new Error('url must end after host and port');
  }
  const isSecure = url.protocol === 'smtps:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const credentials = readCredentials(url);
  return {
    host,
    port: url.port === '' ? (isSecure ? 465 : 587) : Number(url.port),
    isSecure,
    requireTls: !isSecure && credentials !== undefined && !isThisMachine(host),
    credentials,
  };
}

function readCredentials(url: URL): SmtpServer['credentials'] {
  if (url.username === '' && url.password === '') return undefined;
  try {
    return { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) };
  } catch {
    throw new Error('url must have its user and password percent-encoded');
  }
}

const isThisMachine = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host.startsWith('127.');
