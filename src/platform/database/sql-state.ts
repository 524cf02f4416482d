/** What a failed statement tells about itself, by SQLSTATE (PostgreSQL, appendix A). */

interface DatabaseError extends Error {
  code?: string;
}

const stateOf = (error: unknown): string => (error as DatabaseError | undefined)?.code ?? '';

/** Nothing was written and nothing is wrong with it: deadlock or serialization failure. */
export const isRetryable = (error: unknown): boolean => ['40001', '40P01'].includes(stateOf(error));

const GONE_STATES = /^(08|53|57P|58)/;
const GONE_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  '57014',
  '55P03',
  '25006', // read-only: a replica, until it is promoted or we are led elsewhere
]);
const GONE_WORDS =
  /connection terminated|timeout|not queryable|Client has encountered|connection error|Cannot use a pool after/i;

/**
 * PostgreSQL could not be reached, was too slow, or went away under us. What was asked may or may not have been done.
 */
export function isUnavailable(error: unknown): boolean {
  const state = stateOf(error);
  return (
    isRetryable(error) ||
    GONE_STATES.test(state) ||
    GONE_CODES.has(state) ||
    (error instanceof Error && GONE_WORDS.test(error.message))
  );
}

const SQL_STATE = /^(?=.*\d)[0-9A-Z]{5}$/;

/**
 * PostgreSQL has read it and will not have it, or it could not be put to it at all: nothing was done, and asked again in the
 * same words it says the same.
 */
export const isRefused = (error: unknown): boolean =>
  !isUnavailable(error) &&
  (SQL_STATE.test(stateOf(error)) || error instanceof TypeError || error instanceof RangeError);

/** Refused before anything was begun, or undone by PostgreSQL, which said so. */
const SURELY_NOT_DONE = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  '57014',
  '55P03',
  '25006',
]);
const NO_CONNECTION = /timeout exceeded when trying to connect|Cannot use a pool after/i;

/** Nobody can know whether a commit was made: the answer was lost, or did not come in time. */
export function isUndecided(error: unknown): boolean {
  const state = stateOf(error);
  const isKnown = isRetryable(error) || /^53/.test(state) || SURELY_NOT_DONE.has(state);
  return isUnavailable(error) && !isKnown && !NO_CONNECTION.test((error as Error).message);
}
