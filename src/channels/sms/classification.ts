import type { Failed } from '../../domain/outcome.js';

/**
 * What a code of Twilio's means for a message, as data. The codes come in answers to the API call and, for what happens
 * later, in status callbacks: one table for both.
 *
 * Scope `provider` stands only for what any other message would have met: our login, account, sender. A code in no row is
 * judged by the HTTP status it came with. Twilio refines codes over time (changelog of 2024-07-10): hence few rows, and
 * a default that suppresses nobody.
 * Source: twilio.com/docs/api/errors/<code>.
 */
export interface TwilioRow {
  why: string;
  codes: readonly number[];
  then: Pick<Failed, 'kind' | 'class' | 'scope' | 'address'>;
}

const CONFIGURATION = { kind: 'rejected', class: 'configuration', scope: 'provider' } as const;
const SUPPRESS = { kind: 'rejected', class: 'suppress', scope: 'message' } as const;
const STOP = { ...SUPPRESS, address: { reason: 'stop' } } as const;
const PERMANENT = { kind: 'rejected', class: 'permanent', scope: 'message' } as const;
const SLOW = { kind: 'deferred', class: 'slow', scope: 'message' } as const;

/** A phone that is off today is on tomorrow; three notifications in a month that found it off had nobody's phone. */
const UNREACHABLE = {
  ...SLOW,
  address: { reason: 'hard_bounce', after: { times: 3, withinDays: 30 } },
} as const;

export const TWILIO_ROWS: readonly TwilioRow[] = [
  {
    why: 'too many requests: not processed',
    codes: [20429],
    then: { kind: 'deferred', class: 'throttled', scope: 'provider' },
  },
  {
    why: 'internal error: it may have been processed',
    codes: [20500, 20503],
    then: { kind: 'in_doubt', class: 'in_doubt', scope: 'provider' },
  },

  {
    why: 'our login or its rights are wrong',
    codes: [20003, 20004, 20005, 20006, 20403],
    then: CONFIGURATION,
  },
  { why: 'our account or URL does not exist', codes: [20404], then: CONFIGURATION },
  { why: 'our account is suspended', codes: [10001, 20010, 30002], then: CONFIGURATION },
  {
    why: 'our sender is not valid, not ours or cannot send',
    codes: [21212, 21601, 21603, 21606, 21659, 21660, 21661],
    then: CONFIGURATION,
  },
  { why: 'our messaging service has no sender', codes: [21701, 21702, 21703], then: CONFIGURATION },
  { why: 'our sender is not registered', codes: [30032, 30034, 30035], then: CONFIGURATION },
  {
    why: 'a trial account sends only to verified numbers',
    codes: [21608],
    then: { ...CONFIGURATION, scope: 'message' },
  },
  {
    why: 'this region is switched off in our account',
    codes: [21408],
    then: { ...CONFIGURATION, scope: 'message' },
  },

  { why: 'the recipient has opted out', codes: [21610], then: STOP },
  { why: 'no such number', codes: [21211, 21217, 21421], then: SUPPRESS },
  { why: 'a number that cannot receive texts', codes: [21612, 21614, 21635, 30005, 30006], then: SUPPRESS },

  { why: 'the text is missing, too long or not allowed', codes: [21602, 21617, 30019], then: PERMANENT },
  { why: 'sender and recipient are the same', codes: [21266], then: PERMANENT },
  { why: 'blocked, or filtered by the carrier', codes: [30004, 30007], then: PERMANENT },

  { why: 'the handset is unreachable', codes: [30003], then: UNREACHABLE },
  { why: 'our queue there is full', codes: [21611, 30001], then: SLOW },
  { why: 'unknown, or a rate or daily cap of the carrier', codes: [30008, 30022, 30023], then: SLOW },
];

const BY_CODE = new Map(TWILIO_ROWS.flatMap((row) => row.codes.map((code) => [code, row.then] as const)));

/** `status` is the HTTP status the code came with; undefined in a callback. */
export function classifyTwilioCode(code: number, status: number | undefined): TwilioRow['then'] {
  return (
    BY_CODE.get(code) ?? (status === undefined ? PERMANENT : (classifyTwilioStatus(status) ?? PERMANENT))
  );
}

/** What the HTTP status alone says; undefined where only a code could. */
export function classifyTwilioStatus(status: number): TwilioRow['then'] | undefined {
  if (status === 429) return BY_CODE.get(20429);
  if (status >= 500) return BY_CODE.get(20500);
  // A redirect is not followed: the credentials belong to the host that was configured, and nothing was processed.
  if (status >= 300 && status < 400) return CONFIGURATION;
  return [401, 403, 404, 405, 407].includes(status) ? CONFIGURATION : undefined;
}
