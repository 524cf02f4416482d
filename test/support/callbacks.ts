import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { createRequire } from 'node:module';

import { Webhook } from 'standardwebhooks';

/** Twilio's own library, for its signature; it is CommonJS without types for this entry. */
const { getExpectedTwilioSignature } = createRequire(import.meta.url)('twilio/lib/webhooks/webhooks.js') as {
  getExpectedTwilioSignature: (
    token: string,
    url: string,
    params: Record<string, string | string[]>,
  ) => string;
};

export interface SignedCallback {
  body: string;
  headers: Record<string, string>;
}

/** A form as Twilio posts it, signed by Twilio's own library. `url`: as Twilio knows it. */
export function twilioCallback(
  token: string,
  url: string,
  params: Record<string, string | string[]>,
): SignedCallback {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) [value].flat().forEach((one) => form.append(name, one));
  return {
    body: form.toString(),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-twilio-signature': getExpectedTwilioSignature(token, url, params),
    },
  };
}

export const genericSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;

/** The generic form, signed by the Standard Webhooks' own library. */
export function genericCallback(
  secret: string,
  body: string | object,
  { id = `msg_${randomBytes(8).toString('hex')}`, at = new Date() } = {},
): SignedCallback {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return {
    body: text,
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': new Webhook(secret).sign(id, at, text),
    },
  };
}

/** A key pair as SendGrid makes one; `publicKey` is what its page shows. */
export function sendgridKeys(): { privateKey: KeyObject; publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return { privateKey, publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64') };
}

export function sendgridCallback(
  privateKey: KeyObject,
  events: object[] | string,
  timestamp = String(Math.floor(Date.now() / 1_000)),
): SignedCallback {
  // SendGrid ends each event's line with CR LF; what is signed are these very bytes.
  const body =
    typeof events === 'string' ? events : `[${events.map((one) => JSON.stringify(one)).join(',\r\n')}]\r\n`;
  return {
    body,
    headers: {
      'content-type': 'application/json',
      'x-twilio-email-event-webhook-timestamp': timestamp,
      'x-twilio-email-event-webhook-signature': sign(
        'sha256',
        Buffer.from(timestamp + body),
        privateKey,
      ).toString('base64'),
    },
  };
}
