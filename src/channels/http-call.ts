import { type Dispatcher, Pool } from 'undici';

import { type Failed, failed } from '../domain/outcome.js';
import type { Call } from './channel.js';
import { networkFaultOf } from './network-errors.js';
import { parseRetryAfterMs } from './retry-after.js';

/** Longer says that the host is not there. */
const CONNECT_TIMEOUT_MS = 5_000;
/** Shorter than any server's own: a socket that the server closes under a request leaves it in doubt. */
const KEEP_ALIVE_MS = 4_000;
/** What providers answer is about 1 KB; a page of HTML is not worth more. */
const MAX_ANSWER_BYTES = 64 * 1_024;

export interface HttpRequest {
  method: 'POST' | 'PUT';
  path: string;
  headers: Record<string, string>;
  body: string;
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
 * and as long again for the rest, at most 64 KB of it; what comes instead of a complete answer is an outcome already.
 * Redirects are not followed: the credentials belong to the host that was configured.
 */
export class HttpCalls {
  readonly #timeoutMs: number;
  readonly #pool: Pool;
  #isClosed = false;

  /** `origin`: scheme, host and port. */
  constructor(origin: string, limits: { concurrency: number; timeoutMs: number }) {
    this.#timeoutMs = limits.timeoutMs;
    this.#pool = new Pool(origin, {
      connections: limits.concurrency,
      pipelining: 1, // a pipelined request shares the fate of the one before it
      connect: { timeout: Math.min(CONNECT_TIMEOUT_MS, limits.timeoutMs) },
      headersTimeout: limits.timeoutMs,
      bodyTimeout: limits.timeoutMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      maxResponseSize: MAX_ANSWER_BYTES,
    });
  }

  async make(request: HttpRequest, call: Call): Promise<HttpAnswer | Failed> {
    if (this.#isClosed || call.signal.aborted) return notCalled();
    try {
      // The head is bounded by the pool's own timer: one signal per process, not one per call.
      const response = await this.#pool.request({ ...request, signal: call.signal });
      const { statusCode: status, headers } = response;
      const retryAfterMs = parseRetryAfterMs(headers['retry-after'], call.now());
      return { status, headers, body: await this.#read(response), retryAfterMs };
    } catch (error) {
      const { stage: _, ...fault } = networkFaultOf(error);
      // Our own shutdown says nothing about the provider.
      const scope = this.#isClosed || call.signal.aborted ? 'message' : 'provider';
      return failed(fault.kind, { ...fault, scope });
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#pool.destroy();
  }

  /** undici's body timer starts anew with each byte; this one does not, so that a trickle ends too. */
  async #read({ body }: Dispatcher.ResponseData): Promise<string> {
    const timer = setTimeout(() => body.destroy(answerTimeout()), this.#timeoutMs);
    try {
      return await body.text();
    } finally {
      clearTimeout(timer);
    }
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
