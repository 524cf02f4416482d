import { type Dispatcher, Pool } from 'undici';

import { type Failed, failed, type Outcome } from '../../../../domain/outcome.js';
import type { ProviderConfig } from '../../../../platform/config/posthaste-file.js';
import type { Call, Parcel, Provider, SmsContent } from '../../../channel.js';
import { networkFaultOf } from '../../../network-errors.js';
import { parseRetryAfterMs } from '../../../retry-after.js';
import { outcomeOfAnswer } from './twilio-answer.js';
import { readTwilioOptions, type TwilioSettings } from './twilio.options.js';

/** Longer says that the host is not there. */
const CONNECT_TIMEOUT_MS = 5_000;
/** Shorter than any server's own: a socket that the server closes under a request leaves it in doubt. */
const KEEP_ALIVE_MS = 4_000;
/** A message resource is about 1 KB; a page of HTML is not worth more. */
const MAX_ANSWER_BYTES = 64 * 1_024;

/**
 * Texts through Twilio's Messages resource, which offers no idempotency key: what is unanswered is in doubt, and so is every
 * 5xx (twilio.com/docs/errors/20500). Promises an answer within `timeout` for the head and as long again for the rest.
 */
export class TwilioProvider implements Provider<SmsContent> {
  readonly name: string;
  readonly channel = 'sms';
  readonly kind = 'twilio';

  readonly #settings: TwilioSettings;
  readonly #authorization: string;
  readonly #secrets: readonly string[];
  readonly #timeoutMs: number;
  readonly #pool: Pool;
  #isClosed = false;

  constructor(config: ProviderConfig) {
    this.name = config.name;
    this.#settings = readTwilioOptions(config.options);
    const { accountSid, authToken } = this.#settings;
    const login = Buffer.from(`${accountSid}:${authToken}`).toString('base64');
    this.#authorization = `Basic ${login}`;
    this.#secrets = [login, authToken, accountSid];
    this.#timeoutMs = config.timeoutMs;
    this.#pool = new Pool(this.#settings.origin, {
      connections: config.concurrency,
      pipelining: 1, // a pipelined request shares the fate of the one before it
      connect: { timeout: Math.min(CONNECT_TIMEOUT_MS, config.timeoutMs) },
      headersTimeout: config.timeoutMs,
      bodyTimeout: config.timeoutMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      maxResponseSize: MAX_ANSWER_BYTES,
    });
  }

  async send(parcel: Parcel<SmsContent>, call: Call): Promise<Outcome> {
    if (this.#isClosed || call.signal.aborted) return notCalled();
    try {
      const response = await this.#post(formOf(parcel, this.#settings), call.signal);
      const retryAfterMs = parseRetryAfterMs(response.headers['retry-after'], call.now());
      const body = await this.#read(response);
      return outcomeOfAnswer({ status: response.statusCode, body, retryAfterMs }, [
        parcel.to,
        ...this.#secrets,
      ]);
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

  /** The head is bounded by the pool's own timer: one signal per process, not one per call. */
  #post(body: string, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    return this.#pool.request({
      method: 'POST',
      path: this.#settings.path,
      headers: {
        authorization: this.#authorization,
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
      },
      body,
      signal,
    });
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

function formOf(parcel: Parcel<SmsContent>, settings: TwilioSettings): string {
  const form = new URLSearchParams({ To: parcel.to, ...settings.sender, Body: parcel.content.text });
  if (settings.statusCallback) form.set('StatusCallback', callbackFor(settings.statusCallback, parcel.id));
  return form.toString();
}

/** Carries our id, so that a callback settles also a message whose answer, and with it Twilio's id, was lost. */
function callbackFor(statusCallback: URL, id: string): string {
  const url = new URL(statusCallback);
  url.searchParams.set('notification_id', id);
  return url.toString();
}

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
