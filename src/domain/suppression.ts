/** Why an address is not written to any more. */
export const SUPPRESSION_REASONS = ['hard_bounce', 'complaint', 'unsubscribe', 'stop', 'manual'] as const;
export type SuppressionReason = (typeof SUPPRESSION_REASONS)[number];

/** The recipient's own word, or what mailbox providers judge us by: nobody here may take it back. */
export const IRREVOCABLE: ReadonlySet<SuppressionReason> = new Set(['complaint', 'stop']);

/** What a failure says of the address itself, beyond this one message. */
export interface AddressFault {
  reason: Extract<SuppressionReason, 'hard_bounce' | 'stop'>;
  /** It counts only once this many notifications have met it within so many days; left out: at once. */
  after?: { times: number; withinDays: number };
}

/** What stands as a notification's code when the list stopped it: `suppression_hard_bounce`. */
export const SUPPRESSION_CODE = 'suppression_';
