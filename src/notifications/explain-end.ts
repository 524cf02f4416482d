import { SUPPRESSION_CODE, type SuppressionReason } from '../domain/suppression.js';
import type { Story } from './story.js';

type Ended = 'sent' | 'delivered' | 'suppressed' | 'bounced' | 'expired' | 'cancelled' | 'discarded' | 'dead';

/** How it ended, for people: nothing happens any more unless somebody decides so. */
export function explainEnd(
  { status, reason, expiresAt }: Story['notification'],
  undelivered: Story['undelivered'],
): string {
  const code = undelivered?.code ?? 'unknown';
  switch (status as Ended) {
    case 'sent':
      return reason === 'resolved_as_sent' ? 'An operator has resolved it as sent.' : 'The provider took it.';
    case 'delivered':
      return 'It arrived.';
    case 'bounced':
      return `Its provider took it and reported that it did not arrive (${code}).`;
    case 'suppressed':
      return explainSuppressed(undelivered?.code);
    case 'expired':
      return `It is expired: it could not be sent before ${expiresAt?.toISOString() ?? 'its end'} (${code}).`;
    case 'cancelled':
      return 'It is cancelled: it was taken back while it waited.';
    case 'discarded':
      return `It is discarded: an operator has closed it unsent.`;
    case 'dead':
      return `It was given up: ${code}${undelivered?.class ? ` (${undelivered.class})` : ''}. An operator sends it again or discards it.`;
  }
}

const BECAUSE: Record<SuppressionReason, string> = {
  hard_bounce: 'the address takes no mail or texts',
  complaint: 'the recipient has complained about us',
  unsubscribe: 'the recipient has unsubscribed',
  stop: 'the recipient has opted out by STOP',
  manual: 'somebody here has put the address on the list',
};

function explainSuppressed(code: string | null | undefined): string {
  const reason = code?.startsWith(SUPPRESSION_CODE) ? code.slice(SUPPRESSION_CODE.length) : undefined;
  const because =
    BECAUSE[reason as SuppressionReason] ?? `the provider refused the address (${code ?? 'unknown'})`;
  return `It is suppressed: ${because}.`;
}
