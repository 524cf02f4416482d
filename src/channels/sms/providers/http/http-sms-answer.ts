import { type Failed, failed, type Outcome, taken } from '../../../../domain/outcome.js';
import { type HttpAnswer, unparsableAnswer } from '../../../http-call.js';
import { sanitisedDetail } from '../../../sanitised-detail.js';
import { readPointer } from './json-pointer.js';

/** How the operator says this provider's answers are to be read. No status is in two places. */
export interface AnswerReading {
  isSuccess(status: number): boolean;
  throttle: ReadonlySet<number>;
  reject: ReadonlySet<number>;
  messageIdPath: string | undefined;
  errorPath: string | undefined;
  isIdempotent: boolean;
}

/** An outcome from a complete answer. `hidden`: recipient, text and whatever else must not appear in the detail. */
export function outcomeOfAnswer(
  answer: HttpAnswer,
  reading: AnswerReading,
  hidden: readonly string[],
): Outcome {
  const { status, retryAfterMs } = answer;
  if (reading.isSuccess(status)) return ofSuccess(answer, reading);
  return failed(meaningOf(status, reading).kind, {
    ...meaningOf(status, reading),
    code: `http_${status}`,
    detail: detailOf(answer, reading, hidden),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

function ofSuccess({ status, body }: HttpAnswer, { messageIdPath }: AnswerReading): Outcome {
  const detail = 'The provider took the text.';
  if (messageIdPath === undefined) return taken(String(status), detail);
  const id = readPointer(body, messageIdPath);
  // Many gateways say 200 to everything, and what went wrong in the body: then there is no id.
  if (id === undefined || !/^[!-~]{1,200}$/.test(id))
    return unparsableAnswer(status, 'one with a message id');
  return taken(String(status), detail, { providerMessageId: id });
}

type Meaning = Pick<Failed, 'kind' | 'class' | 'scope' | 'isPinned'>;

const IN_DOUBT: Meaning = { kind: 'in_doubt', class: 'in_doubt', scope: 'provider' };
/** It may have sent before it failed, and will not send the same id twice: asked again, but nobody else. */
const AGAIN_HERE: Meaning = { kind: 'deferred', class: 'retry', scope: 'provider', isPinned: true };

/** What the operator listed, then what HTTP itself says (RFC 9110 §15); a status of which nobody said anything is in doubt. */
function meaningOf(status: number, { throttle, reject, isIdempotent }: AnswerReading): Meaning {
  if (throttle.has(status)) return { kind: 'deferred', class: 'throttled', scope: 'provider' };
  if (reject.has(status)) return { kind: 'rejected', class: 'permanent', scope: 'message' };
  if (status >= 500) return isIdempotent ? AGAIN_HERE : IN_DOUBT;
  // Our login, right or URL. A redirect is not followed, and nothing was processed.
  const isOurs = (status >= 300 && status < 400) || [401, 403, 404, 405, 407].includes(status);
  return isOurs ? { kind: 'rejected', class: 'configuration', scope: 'provider' } : IN_DOUBT;
}

/** A gateway may quote the whole request back: only what stands where its words are is kept. */
function detailOf(
  { status, body }: HttpAnswer,
  { errorPath }: AnswerReading,
  hidden: readonly string[],
): string {
  const said = errorPath === undefined ? undefined : readPointer(body, errorPath);
  const first = `The provider answered ${status}.`;
  return said === undefined ? first : `${first} ${sanitisedDetail(said, hidden)}`;
}
