import type { Failed } from '../../../../domain/outcome.js';

/**
 * What an error of Resend's means for a mail, as data: the first row that matches decides; an error in no row is judged by
 * its HTTP status.
 *
 * Scope `provider` stands only for what any other mail would have met. Nothing here is Resend's word on a mailbox (it
 * reports bounces later), so only an address that it cannot read is suppressed. `validation_error` stands for faults of
 * the content, the sender and the recipient alike; only its text tells which.
 * Sources: resend.com/docs/api-reference/errors, …/api-reference/rate-limit, …/dashboard/emails/idempotency-keys.
 */
export interface ResendRow {
  why: string;
  /** Any of these; left out: any. */
  names?: readonly string[];
  statuses?: readonly number[];
  text?: RegExp;
  then: ResendVerdict;
}

export type ResendVerdict = Pick<Failed, 'kind' | 'class' | 'scope' | 'isPinned'>;

const IN_DOUBT = { kind: 'in_doubt', class: 'in_doubt', scope: 'provider' } as const;
const CONFIGURATION = { kind: 'rejected', class: 'configuration', scope: 'provider' } as const;
const SUPPRESS = { kind: 'rejected', class: 'suppress', scope: 'message' } as const;
const PERMANENT = { kind: 'rejected', class: 'permanent', scope: 'message' } as const;
/** The same call will be answered the same way: repeating it ends no doubt. */
const PARK = { kind: 'in_doubt', class: 'permanent', scope: 'message' } as const;
const THROTTLE = { kind: 'deferred', class: 'throttled', scope: 'provider' } as const;
/** An earlier call under the same key is at work there: nobody else may send this mail. */
const DEFER_HERE = { kind: 'deferred', class: 'retry', scope: 'message', isPinned: true } as const;

export const RESEND_ROWS: readonly ResendRow[] = [
  { why: 'too many requests: not processed', names: ['rate_limit_exceeded'], then: THROTTLE },
  { why: 'our quota of the day is spent', names: ['daily_quota_exceeded'], then: THROTTLE },
  // It does not come back within any deadline: somebody must change the plan.
  { why: 'our quota of the month is spent', names: ['monthly_quota_exceeded'], then: CONFIGURATION },

  {
    why: 'our key is missing, wrong, suspended or may not send',
    names: [
      'missing_api_key',
      'invalid_api_key',
      'restricted_api_key',
      'suspended_api_key',
      'invalid_permission',
    ],
    then: CONFIGURATION,
  },
  {
    why: 'our domain is not verified, or only tests may be sent',
    names: ['validation_error', 'invalid_from_address', 'invalid_to_address'],
    statuses: [403],
    then: CONFIGURATION,
  },
  { why: 'our sender is not an address', text: /invalid `?from`? field/i, then: CONFIGURATION },
  { why: 'our URL is wrong', names: ['not_found', 'method_not_allowed'], then: CONFIGURATION },

  {
    why: 'an earlier call with this key is not done',
    names: ['concurrent_idempotent_requests'],
    then: DEFER_HERE,
  },
  { why: 'the mail is being worked on', names: ['resource_locked'], then: DEFER_HERE },
  {
    why: 'this key was used for other content, which may have been sent',
    names: ['invalid_idempotent_request'],
    then: PARK,
  },

  { why: 'no address, or one of a domain kept for examples', text: /invalid `?to`? field/i, then: SUPPRESS },
  {
    why: 'the content is not what Resend takes',
    names: [
      'validation_error',
      'missing_required_field',
      'missing_required_parameter',
      'invalid_parameter',
      'invalid_attachment',
      'invalid_idempotency_key',
    ],
    then: PERMANENT,
  },
];

export interface ResendError {
  status: number;
  /** Resend's name of the error, lower case; undefined when it gave none. */
  name: string | undefined;
  message: string;
}

/** Undefined where only a name could tell. */
export function classifyResendError(error: ResendError): ResendVerdict | undefined {
  // Whatever it is called: a server that failed may have failed after it sent.
  if (error.status >= 500) return IN_DOUBT;
  const row = error.name === undefined ? undefined : RESEND_ROWS.find((one) => matches(one, error));
  return row?.then ?? ofStatus(error.status) ?? (error.name === undefined ? undefined : PERMANENT);
}

const matches = ({ names, statuses, text }: ResendRow, { name, status, message }: ResendError): boolean =>
  (names === undefined || names.includes(name ?? '')) &&
  (statuses === undefined || statuses.includes(status)) &&
  (text === undefined || text.test(message));

function ofStatus(status: number): ResendVerdict | undefined {
  if (status === 429) return THROTTLE;
  if (status === 413) return PERMANENT;
  // A redirect is not followed, and nothing was processed.
  if (status >= 300 && status < 400) return CONFIGURATION;
  return [401, 403, 404, 405, 407].includes(status) ? CONFIGURATION : undefined;
}
