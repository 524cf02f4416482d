import { type Failed, failed } from '../../domain/outcome.js';
import { sanitisedDetail } from '../sanitised-detail.js';

/**
 * What an SMTP server's refusal leads to, as data: the first row that matches decides.
 *
 * Scope `provider` stands only where the reply would have met any other message too: the server's own state, our login,
 * our sender. A refusal of one recipient or one content never opens a breaker. Text beats codes only in the rows that
 * name a text, each for one provider whose codes say something else than it means.
 *
 * Sources: RFC 5321 §4.2 (replies) and §3.8 (421 at any time), RFC 3463 and RFC 5248 with the IANA registry "SMTP Enhanced
 * Status Codes", RFC 4954 §6 (authentication), RFC 6647 (greylisting), RFC 7504 (521, 556), RFC 7505 (null MX), RFC 7372
 * (authentication results); docs.aws.amazon.com/ses "Errors related to the sending quotas" and "SMTP issues"; "Gmail
 * SMTP errors and codes" (support.google.com/a/answer/3726730); learn.microsoft.com "Fix issues with … direct send" (432).
 */
export interface SmtpReply {
  /** 400–599. */
  code: number;
  /** `5.1.1`; undefined when the server gave none, or one that contradicts its reply code. */
  enhanced: string | undefined;
  text: string;
  /** The command it answers: CONN (greeting), EHLO, HELO, STARTTLS, AUTH …, MAIL FROM, RCPT TO, DATA. */
  command: string;
}

export interface SmtpRow {
  why: string;
  /** Any of these; left out: any. */
  codes?: readonly number[];
  /** First digit of the reply code. */
  severity?: 4 | 5;
  /** Enhanced codes: `5.1.1` itself, or `5.7` for all below it. `none`: the server gave none. */
  enhanced?: readonly string[];
  command?: RegExp;
  text?: RegExp;
  then: Pick<Failed, 'kind' | 'class' | 'scope' | 'address'>;
}

const DEFER_PROVIDER = { kind: 'deferred', class: 'retry', scope: 'provider' } as const;
const THROTTLE_PROVIDER = { kind: 'deferred', class: 'throttled', scope: 'provider' } as const;
const DEFER = { kind: 'deferred', class: 'retry', scope: 'message' } as const;
const DEFER_SLOW = { kind: 'deferred', class: 'slow', scope: 'message' } as const;
const CONFIGURATION = { kind: 'rejected', class: 'configuration', scope: 'provider' } as const;
const SUPPRESS = { kind: 'rejected', class: 'suppress', scope: 'message' } as const;
const PERMANENT = { kind: 'rejected', class: 'permanent', scope: 'message' } as const;

/** One full mailbox may be emptied tomorrow; three in a week are one that nobody reads. */
const FULL = {
  ...PERMANENT,
  address: { reason: 'hard_bounce', after: { times: 3, withinDays: 7 } },
} as const;

const BEFORE_MAIL = /^(CONN|EHLO|HELO|LHLO|STARTTLS)/;

export const SMTP_ROWS: readonly SmtpRow[] = [
  {
    why: 'Amazon SES: our rate or daily quota is spent',
    codes: [454],
    text: /throttling failure/i,
    then: THROTTLE_PROVIDER,
  },
  { why: 'Gmail relay: our rate is spent', text: /peak smtp relay limit exceeded/i, then: THROTTLE_PROVIDER },
  {
    why: 'Gmail: our daily quota is spent',
    enhanced: ['5.4.5'],
    text: /daily .*(limit|quota) exceeded/i,
    then: THROTTLE_PROVIDER,
  },
  {
    why: 'Exchange Online: too many connections or messages of ours',
    codes: [432],
    enhanced: ['4.3.2'],
    then: THROTTLE_PROVIDER,
  },
  {
    why: 'Gmail: the mailbox is being flooded, not closed',
    enhanced: ['5.2.1'],
    text: /receiving (mail|email) (too quickly|at a rate)/i,
    then: DEFER_SLOW,
  },
  {
    why: 'Amazon SES: our account or sender is not in order',
    codes: [554],
    text: /(address is not verified|not authorized to perform|sending (is )?(paused|suspended))/i,
    then: CONFIGURATION,
  },

  { why: 'the server is going away', codes: [421], then: DEFER_PROVIDER },
  { why: 'not ready to talk', severity: 4, command: BEFORE_MAIL, then: DEFER_PROVIDER },
  { why: 'no mail service for us here', severity: 5, command: BEFORE_MAIL, then: CONFIGURATION },
  { why: 'the login cannot be checked now', severity: 4, command: /^AUTH/, then: DEFER_PROVIDER },
  { why: 'our login is wrong', severity: 5, command: /^AUTH/, then: CONFIGURATION },
  {
    why: 'a login or encryption is wanted first',
    codes: [523, 524, 525, 530, 534, 535, 538],
    then: CONFIGURATION,
  },
  { why: 'the server does not speak what we speak', codes: [500, 502, 503, 504], then: CONFIGURATION },

  {
    why: 'too large for the mailbox or the system',
    severity: 5,
    enhanced: ['5.2.3', '5.3.4'],
    then: PERMANENT,
  },
  { why: 'the mailbox is full, for good', severity: 5, enhanced: ['5.2.2'], then: FULL },
  { why: 'storage exceeded', codes: [552], then: FULL },
  {
    why: 'our sender address is refused',
    severity: 5,
    enhanced: ['5.1.7', '5.1.8', '5.7.60'],
    then: CONFIGURATION,
  },
  // The envelope sender is the provider's own, the same for every message.
  { why: 'our sender is refused', severity: 5, command: /^MAIL/, then: CONFIGURATION },

  {
    why: 'no such mailbox or domain, or one that takes no mail',
    severity: 5,
    enhanced: ['5.1.1', '5.1.2', '5.1.3', '5.1.6', '5.1.10'],
    then: SUPPRESS,
  },
  { why: 'the host takes no mail', codes: [521, 556], then: SUPPRESS },
  { why: 'the mailbox is disabled', severity: 5, enhanced: ['5.2.1'], then: SUPPRESS },

  { why: 'policy, spam or authentication of our domain', severity: 5, enhanced: ['5.7'], then: PERMANENT },
  { why: 'it waited too long further on', enhanced: ['4.4.7', '5.4.7'], then: PERMANENT },

  { why: 'greylisted, or held back for our reputation', severity: 4, enhanced: ['4.7'], then: DEFER_SLOW },
  { why: 'the mailbox is full or held', severity: 4, enhanced: ['4.2'], then: DEFER_SLOW },
  { why: 'greylisting without an enhanced code', codes: [450, 451], enhanced: ['none'], then: DEFER_SLOW },
  { why: 'storage is short', codes: [452], then: DEFER_SLOW },
  { why: 'a passing fault', severity: 4, then: DEFER },
  { why: 'refused', severity: 5, then: PERMANENT },
];

/** `hidden`: the recipient and whatever else must not appear in the detail. */
export function classifySmtpReply(reply: SmtpReply, hidden: readonly string[]): Failed {
  const row = SMTP_ROWS.find((candidate) => matches(candidate, reply))!; // the last two rows take every reply
  const { kind, ...rest } = row.then;
  const code = reply.enhanced === undefined ? `smtp_${reply.code}` : `smtp_${reply.code}_${reply.enhanced}`;
  return failed(kind, { ...rest, code, detail: sanitisedDetail(reply.text, hidden) });
}

function matches(row: SmtpRow, reply: SmtpReply): boolean {
  return (
    (row.codes === undefined || row.codes.includes(reply.code)) &&
    (row.severity === undefined || row.severity === Math.floor(reply.code / 100)) &&
    (row.enhanced === undefined || row.enhanced.some((wanted) => isEnhanced(reply.enhanced, wanted))) &&
    (row.command === undefined || row.command.test(reply.command)) &&
    (row.text === undefined || row.text.test(reply.text))
  );
}

const isEnhanced = (given: string | undefined, wanted: string): boolean =>
  wanted === 'none' ? given === undefined : given === wanted || given?.startsWith(`${wanted}.`) === true;

/** Codes from the first line of a reply; undefined for what is not a refusal (RFC 5321 §4.2.1, RFC 2034 §4). */
export function parseSmtpReply(response: string, command: string): SmtpReply | undefined {
  const match = /^([45]\d\d)(?![^\s-])[ -]?(?:([245]\.\d{1,3}\.\d{1,3})(?=\s|$))?/.exec(response);
  if (!match) return undefined;
  const enhanced = match[2]?.startsWith(match[1]![0]!) === true ? match[2] : undefined;
  return { code: Number(match[1]), enhanced, text: response, command };
}
