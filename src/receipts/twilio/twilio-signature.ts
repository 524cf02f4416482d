import { createHmac } from 'node:crypto';

import { isSame } from '../constant-time.js';

/**
 * `X-Twilio-Signature`: base64 of HMAC-SHA1 with the auth token, over the URL as Twilio knows it and the form's parameters,
 * sorted by name, each as name and value; of equal names each different value once.
 * Source: twilio.com/docs/usage/security "Validating requests", twilio-node lib/webhooks/webhooks.js.
 */
export function twilioSignature(token: string, url: string, form: URLSearchParams): string {
  const names = [...new Set(form.keys())].sort();
  const parameters = names.flatMap((name) =>
    [...new Set(form.getAll(name))].sort().map((value) => name + value),
  );
  return createHmac('sha1', token)
    .update(url + parameters.join(''))
    .digest('base64');
}

/** Twilio signs some URLs with the standard port and some without, whatever was configured: either is right. */
export function isSignedByTwilio(token: string, url: string, form: URLSearchParams, given: string): boolean {
  return urlsOf(url).some((candidate) => isSame(given, twilioSignature(token, candidate, form)));
}

function urlsOf(url: string): string[] {
  const [, scheme, host, port, rest] = /^(https?:\/\/)([^/?#:]*|\[[^\]]*\])(:\d+)?([^]*)$/i.exec(url) ?? [];
  if (scheme === undefined) return [url];
  const standard = scheme.toLowerCase() === 'https://' ? ':443' : ':80';
  return [`${scheme}${host}${port ?? standard}${rest}`, `${scheme}${host}${rest}`];
}
