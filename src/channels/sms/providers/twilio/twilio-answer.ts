import { type Failed, failed, type Outcome, taken } from '../../../../domain/outcome.js';
import { type HttpAnswer, unparsableAnswer } from '../../../http-call.js';
import { parseJsonObject } from '../../../json-object.js';
import { sanitisedDetail } from '../../../sanitised-detail.js';
import { classifyTwilioCode, classifyTwilioStatus } from '../../classification.js';

/** The fields of Twilio's JSON that matter: of a message resource, or of an error. */
interface TwilioBody {
  sid?: string;
  status?: string;
  error_code?: number;
  error_message?: string;
  code?: number;
  message?: string;
}

/**
 * An outcome from a complete answer. What cannot be read as Twilio's says nothing of the message, unless its status alone
 * does. Source: twilio.com/docs/usage/twilios-response, twilio.com/docs/messaging/api/message-resource.
 */
export function outcomeOfAnswer(answer: HttpAnswer, hidden: readonly string[]): Outcome {
  const body = readBody(answer.body);
  const isSuccess = answer.status >= 200 && answer.status < 300;
  const outcome = isSuccess ? ofSuccess(answer, body, hidden) : ofError(answer, body, hidden);
  if (outcome.kind === 'taken' || answer.retryAfterMs === undefined) return outcome;
  return { ...outcome, retryAfterMs: answer.retryAfterMs };
}

function ofSuccess(answer: HttpAnswer, body: TwilioBody | undefined, hidden: readonly string[]): Outcome {
  if (body?.sid === undefined) return unparsable(answer.status);
  if (body.error_code !== undefined && (body.status === 'failed' || body.status === 'undelivered')) {
    return coded(body.error_code, undefined, body.error_message ?? body.status, hidden);
  }
  const detail = sanitisedDetail(body.status ?? '', hidden);
  return taken(String(answer.status), detail, { providerMessageId: body.sid });
}

function ofError(answer: HttpAnswer, body: TwilioBody | undefined, hidden: readonly string[]): Failed {
  if (body?.code !== undefined) return coded(body.code, answer.status, body.message ?? '', hidden);
  const row = classifyTwilioStatus(answer.status);
  if (!row) return unparsable(answer.status);
  const { kind, ...rest } = row;
  return failed(kind, {
    ...rest,
    code: `http_${answer.status}`,
    detail: 'The answer gave no code of Twilio’s.',
  });
}

function coded(code: number, status: number | undefined, message: string, hidden: readonly string[]): Failed {
  const { kind, ...rest } = classifyTwilioCode(code, status);
  return failed(kind, { ...rest, code: `twilio_${code}`, detail: sanitisedDetail(message, hidden) });
}

const unparsable = (status: number): Failed => unparsableAnswer(status, 'Twilio’s');

/** Only fields of the right shape survive; undefined when it is no JSON object. */
function readBody(text: string): TwilioBody | undefined {
  const raw = parseJsonObject(text);
  if (!raw) return undefined;
  const sid =
    typeof raw['sid'] === 'string' && /^[A-Za-z0-9]{1,64}$/.test(raw['sid']) ? raw['sid'] : undefined;
  const fields = {
    sid,
    status: textOf(raw['status']),
    error_code: codeOf(raw['error_code']),
    error_message: textOf(raw['error_message']),
    code: codeOf(raw['code']),
    message: textOf(raw['message']),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const codeOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 1_000_000 ? value : undefined;
