/**
 * What an outbox row is after an attempt: a retry, unless no try was consumed so far. A 429, a refusal of our credentials, a
 * lost lease are nobody's failure: what has only met those goes again as a first send, outside the retry budget, held back
 * by gates and rates alone.
 */
export const KIND_AFTER = (tries: string): string => `CASE WHEN ${tries} = 0 THEN 'first' ELSE 'retry' END`;
