import { type Static, Type } from 'typebox';

import { readHttpUrl } from '../../../http-url.js';

/** What `posthaste.yaml` says about a provider of kind `twilio` beyond the common fields. */
export const TwilioOptions = Type.Object(
  {
    account_sid: Type.String({ pattern: '^[A-Za-z0-9]{1,64}$', description: 'AC…' }),
    auth_token: Type.String({ minLength: 1, maxLength: 256 }),
    base_url: Type.Optional(
      Type.String({ pattern: '^https?://', description: 'Default: https://api.twilio.com.' }),
    ),
    from: Type.Optional(
      Type.String({
        pattern: '^(\\+[1-9][0-9]{6,14}|[0-9]{3,8}|[A-Za-z0-9 ]{1,11})$',
        description: 'An E.164 number, a short code or a sender id. Either this or messaging_service_sid.',
      }),
    ),
    messaging_service_sid: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9]{1,64}$', description: 'MG…' })),
    status_callback: Type.Optional(
      Type.String({
        pattern: '^https?://',
        description: 'Where Twilio reports. Default: here, when PUBLIC_URL is set.',
      }),
    ),
  },
  { additionalProperties: false },
);

export interface TwilioSettings {
  accountSid: string;
  authToken: string;
  /** Scheme, host and port. */
  origin: string;
  /** What stands before Twilio's own paths: '' unless `base_url` has a path. */
  basePath: string;
  /** Of the messages, as Twilio writes it; `path` is the same behind `basePath`. */
  listPath: string;
  path: string;
  sender: { From: string } | { MessagingServiceSid: string };
  statusCallback: URL | undefined;
}

const DEFAULT_BASE_URL = 'https://api.twilio.com';

/** Throws an Error that names the option and what is wanted. `callbackUrl`: where our own callbacks come in, if anywhere. */
export function readTwilioOptions(
  options: Record<string, unknown>,
  callbackUrl: string | undefined,
): TwilioSettings {
  const raw = options as Static<typeof TwilioOptions>;
  const base = readHttpUrl('base_url', raw.base_url ?? DEFAULT_BASE_URL);
  const basePath = base.pathname.replace(/\/+$/, '');
  const listPath = `/2010-04-01/Accounts/${raw.account_sid}/Messages.json`;
  const statusCallback = raw.status_callback ?? callbackUrl;
  return {
    accountSid: raw.account_sid,
    authToken: raw.auth_token,
    origin: base.origin,
    basePath,
    listPath,
    path: basePath + listPath,
    sender: readSender(raw.from, raw.messaging_service_sid),
    statusCallback: statusCallback === undefined ? undefined : readHttpUrl('status_callback', statusCallback),
  };
}

function readSender(from: string | undefined, service: string | undefined): TwilioSettings['sender'] {
  if (from !== undefined && service === undefined) return { From: from };
  if (service !== undefined && from === undefined) return { MessagingServiceSid: service };
  throw new Error('either from or messaging_service_sid must be given');
}
