import { SUPPRESSION_CODE } from '../domain/suppression.js';
import { CONTENT_CHANGED } from './claimed.js';
import type { StoredAttempt, Story } from './story.js';

export interface DoubtStep {
  action: 'wait' | 'review';
  at?: string;
  reason: string;
  waiting_for: 'provider' | 'operator';
  can: ['resolve'];
}

/** What happens next to one whose end nobody knows: its provider is asked, or a person decides. */
export function explainDoubt(
  undelivered: Story['undelivered'],
  attempts: readonly StoredAttempt[],
): DoubtStep {
  if (undelivered?.askAt) {
    return {
      action: 'wait',
      at: undelivered.askAt.toISOString(),
      reason: 'Nobody can know from here whether the provider took it; at this time the provider is asked.',
      waiting_for: 'provider',
      can: ['resolve'],
    };
  }
  return {
    action: 'review',
    reason: reasonOf(undelivered?.code, attempts),
    waiting_for: 'operator',
    can: ['resolve'],
  };
}

/** Why one waits for a retry, when its last attempt may have arrived. */
export const explainRepetition = (last: StoredAttempt, pinnedProvider: string | null): string =>
  pinnedProvider === null || pinnedProvider === last.provider
    ? `Nobody knows whether the last attempt arrived; it is repeated at this time, by ${last.provider} only.`
    : `Nobody knows whether the last attempt arrived; at this time it goes by ${pinnedProvider} instead.`;

function reasonOf(code: string | null | undefined, attempts: readonly StoredAttempt[]): string {
  if (code === CONTENT_CHANGED) {
    return (
      'An earlier attempt may have arrived, and its template, data or sender have changed since: other content is not sent ' +
      'under its key. An operator decides; “retry” sends what it is now, under a new key.'
    );
  }
  const doubts = attempts.filter(({ outcome }) => outcome === 'in_doubt');
  const first =
    doubts.length > 1
      ? `Nobody can know from here whether any of ${doubts.length} attempts arrived.`
      : 'Nobody can know from here whether the provider took it.';
  return `${first}${endedBy(code)}${ASKED[doubts.at(-1)?.answer ?? 'never']} An operator decides.`;
}

/** Why it was parked while its retry waited. */
function endedBy(code: string | null | undefined): string {
  if (code === 'too_late') return ' Its time ran out before it was sent again.';
  if (code?.startsWith(SUPPRESSION_CODE))
    return ' It is not sent again: its address is on the suppression list.';
  return '';
}

const ASKED: Record<NonNullable<StoredAttempt['answer']> | 'never', string> = {
  never: '',
  found: '',
  not_found: ' The provider was asked and does not have it.',
  unanswered: ' The provider was asked and gave no answer.',
};
