/** Where a fault run may kill or block this process. */
export type CrashPoint =
  | 'before_commit'
  | 'after_commit_before_reply'
  | 'after_mark_before_publish'
  | 'after_publish'
  | 'after_claim_before_send'
  | 'after_provider_answer_before_outcome'
  | 'after_outcome_before_job_end'
  | 'in_the_middle_of_giving_up';

/**
 * A named place between two steps, imported as `#crash-point`: this one does nothing. `node --conditions=posthaste-faults`
 * puts `test/reliability/faults/crash-point.mjs` in its place, which is in no package and no image. `of`: the type of the
 * notification, where one is at hand.
 */
export function crashPoint(_place: CrashPoint, _of?: string): void {}
