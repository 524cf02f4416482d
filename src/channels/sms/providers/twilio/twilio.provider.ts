import type { Outcome } from '../../../../domain/outcome.js';
import type { ProviderConfig } from '../../../../platform/config/posthaste-file.js';
import type { Call, Evidence, Inquiry, Parcel, Provider, SmsContent } from '../../../channel.js';
import { HttpCalls, type HttpRequest, isFailed } from '../../../http-call.js';
import { outcomeOfAnswer } from './twilio-answer.js';
import { TwilioList } from './twilio-list.js';
import { readTwilioOptions, type TwilioSettings } from './twilio.options.js';

/**
 * Texts through Twilio's Messages resource, which offers no idempotency key: what is unanswered is in doubt, and so is every
 * 5xx (twilio.com/docs/errors/20500); but it can be asked what it has. Promises an answer within `timeout` for the head and as long again for the rest.
 */
export class TwilioProvider implements Provider<SmsContent> {
  readonly name: string;
  readonly channel = 'sms';
  readonly kind = 'twilio';

  readonly #settings: TwilioSettings;
  readonly #authorization: string;
  readonly #secrets: readonly string[];
  readonly #http: HttpCalls;
  readonly #list: TwilioList;

  constructor(config: ProviderConfig) {
    this.name = config.name;
    this.#settings = readTwilioOptions(config.options, config.callbackUrl);
    const { accountSid, authToken } = this.#settings;
    const login = Buffer.from(`${accountSid}:${authToken}`).toString('base64');
    this.#authorization = `Basic ${login}`;
    this.#secrets = [login, authToken, accountSid];
    this.#http = new HttpCalls(this.#settings.origin, config);
    this.#list = new TwilioList(this.#settings, this.#authorization);
  }

  async send(parcel: Parcel<SmsContent>, call: Call): Promise<Outcome> {
    const answer = await this.#http.make(this.#requestOf(parcel), call);
    return isFailed(answer) ? answer : outcomeOfAnswer(answer, [parcel.to, ...this.#secrets]);
  }

  find(evidence: Evidence<SmsContent>, call: Call): Promise<Inquiry> {
    return this.#list.find(evidence, call);
  }

  async close(): Promise<void> {
    await Promise.all([this.#http.close(), this.#list.close()]);
  }

  #requestOf(parcel: Parcel<SmsContent>): HttpRequest {
    return {
      method: 'POST',
      path: this.#settings.path,
      headers: {
        authorization: this.#authorization,
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
      },
      body: formOf(parcel, this.#settings),
    };
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
