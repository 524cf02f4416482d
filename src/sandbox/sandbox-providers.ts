import type { SmsCredentials } from './sms-catcher.js';

/** Where this process's catchers listen. */
export interface CatcherAddresses {
  emailPort: number;
  smsPort: number;
  smsCredentials: SmsCredentials;
}

/** A process that sends nothing needs the providers' names only. Port 0 is nobody's. */
export const NO_CATCHERS: CatcherAddresses = {
  emailPort: 0,
  smsPort: 0,
  smsCredentials: { accountSid: 'AC00000000000000000000000000000000', authToken: 'none' },
};

/** Short enough to be watched: a hang ends, and a breaker asks again, while the page is still open. */
const TIMEOUT = '10s';
const BREAKER = { reset: '10s' };

/**
 * The sandbox's providers, as `posthaste.yaml` would list them: real SMTP, real HTTP, real webhooks. Only the addresses
 * are ours.
 */
export const sandboxProviders = (catchers: CatcherAddresses) => [
  {
    name: 'sandbox-email',
    channel: 'email' as const,
    kind: 'smtp',
    url: `smtp://127.0.0.1:${catchers.emailPort}`,
    from: 'Posthaste Sandbox <sandbox@posthaste.example>',
    timeout: TIMEOUT,
    answer_timeout: TIMEOUT,
    breaker: BREAKER,
  },
  {
    name: 'sandbox-sms',
    channel: 'sms' as const,
    kind: 'twilio',
    base_url: `http://127.0.0.1:${catchers.smsPort}`,
    account_sid: catchers.smsCredentials.accountSid,
    auth_token: catchers.smsCredentials.authToken,
    from: '+15005550006', // Twilio's own magic number for a sender that is always valid
    timeout: TIMEOUT,
    breaker: BREAKER,
  },
  { name: 'webhooks', channel: 'webhook' as const, kind: 'http', timeout: TIMEOUT, breaker: BREAKER },
];
