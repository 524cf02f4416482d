import type { EmailContent } from '../channel.js';

/**
 * The two headers by which a mail program offers its own "unsubscribe" (RFC 2369, RFC 8058 §3.1). The second promises that a
 * POST does it with no page in between, which only an https URL may promise. Whoever signs with DKIM must sign both (§4).
 */
export function unsubscribeHeaders({ unsubscribeUrl }: EmailContent): Record<string, string> {
  if (unsubscribeUrl === undefined) return {};
  return {
    'List-Unsubscribe': `<${unsubscribeUrl}>`,
    ...(unsubscribeUrl.startsWith('https:') ? { 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' } : {}),
  };
}
