import ipaddr from 'ipaddr.js';

import type { AddressFilter } from './address-filter.js';

/** Ports of HTTPS as subscribers serve it. Others are other services. */
const PORTS = new Set(['', '443', '8443']);
const MAX_URL = 2_048;

/**
 * A subscriber's URL in its normal form, or a sentence that says what is wrong with it. Checked at registration and again
 * at each delivery; names are checked when they are resolved (AddressFilter.lookup).
 */
export function checkWebhookUrl(text: string, filter: AddressFilter): { url: URL } | { fault: string } {
  if (text.length > MAX_URL) return { fault: `is longer than ${MAX_URL} characters` };
  if (!URL.canParse(text)) return { fault: 'is not a URL' };
  const url = new URL(text);
  const host = hostOf(url);
  const isLiteral = ipaddr.isValid(host);
  const isExempt = isLiteral && filter.isExempt(host);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isExempt))
    return { fault: 'must begin with https://' };
  if (url.username !== '' || url.password !== '') return { fault: 'must not carry a user name or password' };
  if (!isExempt && !PORTS.has(url.port)) return { fault: 'must use port 443 or 8443' };
  if (isLiteral && !filter.allows(host)) return { fault: 'points at an address that webhooks may not reach' };
  if (!isLiteral && !isPublicName(host)) return { fault: 'names a host that is not public' };
  url.hash = '';
  return { url };
}

/** WHATWG has already folded 127.1, octal, hex and full-width digits into an address. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '').replace(/\.+$/, '');

const isPublicName = (host: string): boolean =>
  host.includes('.') &&
  !/(^|\.)(localhost|local|internal|intranet|lan|home|corp|localdomain|home\.arpa)$/i.test(host);
