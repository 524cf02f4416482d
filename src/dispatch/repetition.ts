import type { Doubt } from '../domain/doubt.js';
import { failed, type Failed } from '../domain/outcome.js';
import { CONTENT_CHANGED } from '../notifications/claimed.js';

/** What is on record of the attempts that a repetition could collide with. */
export interface Precedents {
  doubts: readonly Doubt[];
  /** Digests that were refused once as changed: only a person's word brings such content here again. */
  refusedDigests: readonly string[];
}

/**
 * Whether this content may go after what this provider may have already: undefined, or why not. The same content goes under
 * the same key. Other content would be a second message: only a person may want that, and then it has a key of its own.
 * A doubt whose worker was lost says nothing; the key still tells its content from this one.
 */
export function refusedRepetition(
  digest: string | null,
  provider: string,
  { doubts, refusedDigests }: Precedents,
): Failed | undefined {
  const before = doubts.filter((one) => one.provider === provider && one.digest !== null);
  const isChanged = digest !== null && before.length > 0 && before.every((one) => one.digest !== digest);
  if (!isChanged || refusedDigests.includes(digest)) return undefined;
  return failed('not_sent', {
    class: 'in_doubt',
    code: CONTENT_CHANGED,
    detail: 'What would be sent now is not what may have arrived already, so nobody was called.',
    scope: 'message',
  });
}
