import { type Dispatcher, Pool } from 'undici';

import { type Failed, failed } from '../domain/outcome.js';
import { CallDeadline } from './call-deadline.js';
import type { Call } from './channel.js';
import { networkFaultOf } from './network-errors.js';
import { parseRetryAfterMs } from './retry-after.js';

/** Longer says that the host is not there. */
const CONNECT_TIMEOUT_MS = 5_000;
/** Shorter than any server's own: a socket that the server closes under a request leaves it in doubt. */
const KEEP_ALIVE_MS = 4_000;
/**
 * undici's own timers end connecting and the wait for the head, and say which it was; they are up to a second late, and start
 * anew with each interim answer or byte. What outlasts them is ended by the call's deadline.
 */
const TIMER_GRACE_MS = 1_500;
/** What providers answer is about 1 KB; a page of HTML is not worth more. */
const MAX_ANSWER_BYTES = 64 * 1_024;

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT';
  path: string;
  headers: Record<string, string>;
  body?: string;
}

/** A complete answer, whatever it says. */
export interface HttpAnswer {
  status: number;
  headers: Dispatcher.ResponseData['headers'];
  body: string;
  retryAfterMs: number | undefined;
}

/**
 * Calls to one company's HTTP API, over a pool as wide as `concurrency`. Promises an answer within `timeout` for the head
 * and as long again for the rest, at most 64 KB of it (or what the caller says), however it trickles; what comes instead of a complete answer is an outcome already.
 * Redirects are not followed: the credentials belong to the host that was configured.
 */
export class HttpCalls {
  readonly #timeoutMs: number;
  readonly #headMs: number;
  readonly #pool: Pool;
  #isClosed = false;

  /** `origin`: scheme, host and port. */
  constructor(
    origin: string,
    limits: { concurrency: number; timeoutMs: number },
    maxAnswerBytes = MAX_ANSWER_BYTES,
  ) {
    const connectMs = Math.min(CONNECT_TIMEOUT_MS, limits.timeoutMs);
    this.#timeoutMs = limits.timeoutMs;
    this.#headMs = connectMs + limits.timeoutMs + TIMER_GRACE_MS;
    this.#pool = new Pool(origin, {
      connections: limits.concurrency,
      pipelining: 1, // a pipelined request shares the fate of the one before it
      connect: { timeout: connectMs },
      headersTimeout: limits.timeoutMs,
      bodyTimeout: limits.timeoutMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      maxResponseSize: maxAnswerBytes,
    });
  }

  async make(request: HttpRequest, call: Call): Promise<HttpAnswer | Failed> {
    if (this.#isClosed || call.signal.aborted) return notCalled();
    const deadline = new CallDeadline(this.#headMs, call.signal);
    try {
      const response = await this.#pool.request({ ...request, signal: deadline.signal });
      const { statusCode: status, headers } = response;
      deadline.restart(this.#timeoutMs);
      const retryAfterMs = parseRetryAfterMs(headers['retry-after'], call.now());
      return { status, headers, body: await response.body.text(), retryAfterMs };
    } catch (error) {
      const { stage: _, ...fault } = networkFaultOf(deadline.hasPassed ? answerTimeout() : error);
      // Our own shutdown says nothing about the provider.
      const scope = this.#isClosed || call.signal.aborted ? 'message' : 'provider';
      return failed(fault.kind, { ...fault, scope });
    } finally {
      deadline.end();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#pool.destroy();
  }
}

/** Nothing was answered, or nothing complete. */
export const isFailed = (answer: HttpAnswer | Failed): answer is Failed => 'kind' in answer;

/** A complete answer that is not the provider's own says nothing of the message. `whose`: `Twilio’s`. */
export const unparsableAnswer = (status: number, whose: string): Failed =>
  failed('in_doubt', {
    class: 'in_doubt',
    code: 'answer_unparsable',
    detail: `The answer with status ${status} was not ${whose}.`,
    scope: 'provider',
  });

const answerTimeout = (): Error =>
  Object.assign(new Error('No complete answer in time'), { code: 'UND_ERR_BODY_TIMEOUT' });

/** Nobody's failure: class `lease` consumes no attempt. */
const notCalled = (): Failed =>
  failed('not_sent', {
    class: 'lease',
    code: 'not_called',
    detail: 'This process is stopping.',
    scope: 'message',
  });
