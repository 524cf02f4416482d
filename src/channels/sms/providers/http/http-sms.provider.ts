import { internalFault, type Outcome } from '../../../../domain/outcome.js';
import type { ProviderConfig } from '../../../../platform/config/posthaste-file.js';
import { VERSION } from '../../../../platform/version.js';
import type { Call, Parcel, Provider, SmsContent } from '../../../channel.js';
import { HttpCalls, type HttpRequest, isFailed } from '../../../http-call.js';
import { outcomeOfAnswer } from './http-sms-answer.js';
import { type HttpSmsSettings, readHttpSmsOptions } from './http-sms.options.js';

/** Shorter, and hiding it hides half of what a provider says. */
const SHORTEST_HIDDEN_TEXT = 4;

/**
 * Texts through any gateway that takes one per HTTP request; the configuration says how a request is written and its answer
 * read. Unless it is said to be idempotent, what is unanswered is in doubt, and so is every 5xx.
 * Promises an answer within `timeout` for the head and as long again for the rest.
 */
export class HttpSmsProvider implements Provider<SmsContent> {
  readonly name: string;
  readonly channel = 'sms';
  readonly kind = 'http-sms';

  readonly #settings: HttpSmsSettings;
  readonly #http: HttpCalls;

  constructor(config: ProviderConfig) {
    this.name = config.name;
    this.#settings = readHttpSmsOptions(config.options);
    this.#http = new HttpCalls(this.#settings.origin, config);
  }

  async send(parcel: Parcel<SmsContent>, call: Call): Promise<Outcome> {
    const body = this.#bodyOf(parcel);
    if (body === undefined) return internalFault('body_template', 'The body could not be made of this text.');
    const answer = await this.#http.make(this.#requestOf(parcel, body, call), call);
    return isFailed(answer) ? answer : outcomeOfAnswer(answer, this.#settings.reading, this.#hidden(parcel));
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  #requestOf({ key }: Parcel<SmsContent>, body: string, { traceparent }: Call): HttpRequest {
    const { method, path, headers, idHeader } = this.#settings;
    const trace = traceparent === undefined ? {} : { traceparent }; // a gateway of one's own may go on with it
    const own = { 'user-agent': `Posthaste/${VERSION}`, ...trace, ...headers };
    return { method, path, headers: idHeader === undefined ? own : { ...own, [idHeader]: key }, body };
  }

  /** Undefined where a branch of the template that only this text takes is at fault; Liquid's words quote the text. */
  #bodyOf({ id, key, to, content: { text } }: Parcel<SmsContent>): string | undefined {
    const { body, from } = this.#settings;
    try {
      return body.render({ id, key, to, text, ...(from === undefined ? {} : { from }) });
    } catch {
      return undefined;
    }
  }

  #hidden({ to, content: { text } }: Parcel<SmsContent>): string[] {
    const quoted = JSON.stringify(text).slice(1, -1);
    const texts = text.length < SHORTEST_HIDDEN_TEXT ? [] : [quoted, text];
    return [...texts, to, ...this.#settings.secrets];
  }
}
