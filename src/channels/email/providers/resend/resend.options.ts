import { type Static, Type } from 'typebox';

import { readSafeUrl } from '../../../http-url.js';
import { readSender, type Sender } from '../../sender.js';

/** What `posthaste.yaml` says about a provider of kind `resend` beyond the common fields. */
export const ResendOptions = Type.Object(
  {
    api_key: Type.String({ pattern: '^[!-~]{1,256}$', description: 're_…' }),
    from: Type.String({ minLength: 3, maxLength: 320, description: 'Acme <no-reply@acme.example>' }),
    base_url: Type.Optional(
      Type.String({ pattern: '^https?://', description: 'Default: https://api.resend.com.' }),
    ),
  },
  { additionalProperties: false },
);

export interface ResendSettings {
  apiKey: string;
  from: Sender;
  /** Scheme, host and port. */
  origin: string;
  path: string;
}

const DEFAULT_BASE_URL = 'https://api.resend.com';

/** Throws an Error that names the option and what is wanted. */
export function readResendOptions(options: Record<string, unknown>): ResendSettings {
  const raw = options as Static<typeof ResendOptions>;
  const base = readSafeUrl('base_url', raw.base_url ?? DEFAULT_BASE_URL);
  return {
    apiKey: raw.api_key,
    from: readSender(raw.from),
    origin: base.origin,
    path: `${base.pathname.replace(/\/+$/, '')}/emails`,
  };
}
