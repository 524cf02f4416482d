import { type Failed, failed, type Outcome, taken } from '../../../../domain/outcome.js';
import { type HttpAnswer, unparsableAnswer } from '../../../http-call.js';
import { parseJsonObject } from '../../../json-object.js';
import { parseRetryAfterMs } from '../../../retry-after.js';
import { sanitisedDetail } from '../../../sanitised-detail.js';
import { classifyResendError, type ResendError } from './resend-classification.js';

/** A spent quota of the day is not back within seconds: asking every five minutes finds out soon enough. */
export const QUOTA_WAIT_MS = 300_000;

/**
 * An outcome from a complete answer. What cannot be read as Resend's says nothing of the mail, unless its status alone does.
 * `hidden`: the recipient and our key. `now`: to read dates by.
 */
export function outcomeOfAnswer(answer: HttpAnswer, hidden: readonly string[], now: Date): Outcome {
  const body = parseJsonObject(answer.body) ?? {};
  if (answer.status >= 200 && answer.status < 300) return ofSuccess(answer.status, body);
  const name = nameOf(body['name']);
  const message = typeof body['message'] === 'string' ? body['message'] : '';
  const error = { status: answer.status, name, message };
  const verdict = classifyResendError(error);
  if (!verdict) return unparsableAnswer(answer.status, 'Resend’s');
  const retryAfterMs = waitOf(answer, error, now);
  return failed(verdict.kind, {
    ...verdict,
    code: name === undefined ? `http_${answer.status}` : `resend_${name}`,
    detail: name === undefined ? 'The answer gave no name of Resend’s.' : sanitisedDetail(message, hidden),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

function ofSuccess(status: number, body: Record<string, unknown>): Outcome {
  const id = body['id'];
  if (typeof id !== 'string' || !/^[\w-]{2,100}$/.test(id)) return unparsableAnswer(status, 'Resend’s');
  return taken(String(status), 'Resend took the mail.', { providerMessageId: id });
}

/** Names become codes, so only what looks like one passes. */
const nameOf = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[A-Za-z][A-Za-z0-9_]{0,49}$/.test(value) ? value.toLowerCase() : undefined;

/** `ratelimit-reset` (seconds) is about the second's rate, whatever else is spent: it says nothing of a quota. */
function waitOf(answer: HttpAnswer, { status, name }: ResendError, now: Date): Failed['retryAfterMs'] {
  if (name === 'daily_quota_exceeded') return Math.max(answer.retryAfterMs ?? 0, QUOTA_WAIT_MS);
  if (answer.retryAfterMs !== undefined || status !== 429) return answer.retryAfterMs;
  return parseRetryAfterMs(answer.headers['ratelimit-reset'], now);
}
