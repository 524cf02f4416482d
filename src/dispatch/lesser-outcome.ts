import { failed, type Outcome } from '../domain/outcome.js';
import type { AttemptRecord } from '../notifications/notifications.repository.js';

const REFUSED = 'PostgreSQL refused what was to be written here.';

/**
 * An outcome that PostgreSQL will not have, with less in it: first without what other machines have said, then with nothing
 * but that the call is over. The last holds no word that is not ours, and claims nothing: it is in doubt.
 */
export function lesserOf(record: AttemptRecord): AttemptRecord[] {
  return [{ ...record, outcome: plain(record.outcome), suppression: undefined }, unknown(record)];
}

function plain(outcome: Outcome): Outcome {
  if (outcome.kind !== 'taken') return { ...outcome, detail: REFUSED };
  const { providerMessageId: _, ...rest } = outcome;
  return { ...rest, detail: REFUSED };
}

const UNKNOWN = failed('in_doubt', {
  class: 'in_doubt',
  code: 'outcome_refused',
  detail: REFUSED,
  scope: 'message',
});

const unknown = ({ id, attempt, dispatch }: AttemptRecord): AttemptRecord => ({
  id,
  attempt,
  dispatch,
  outcome: UNKNOWN,
  next: { status: 'in_doubt', reason: UNKNOWN.code },
  durationMs: 0,
  pinnedProvider: null,
});
