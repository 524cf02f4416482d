import type { Call, Evidence, Inquiry, Match, SmsContent } from '../../../channel.js';
import { HttpCalls, isFailed } from '../../../http-call.js';
import { parseJsonObject } from '../../../json-object.js';
import { classifyTwilioCode } from '../../classification.js';
import type { TwilioSettings } from './twilio.options.js';

/** Few questions at a time, each short: nobody waits for the answer but the doubt. */
const CONCURRENCY = 2;
const PAGE_TIMEOUT_MS = 5_000;
/** A text of 1,600 characters may take six bytes each in JSON; a page of fifty with all else fits twice. */
const PAGE_SIZE = 50;
const MAX_PAGE_BYTES = 1_024 * 1_024;
/** More texts to one number in a day than any person gets: what is beyond them is not looked for, and not denied. */
const MAX_PAGES = 5;

/**
 * Asks Twilio which texts to a number it has, and picks those with the same content in the time in question. Promises an end:
 * five pages of 1 MB, each within ten seconds. What cannot be read to the end is `unanswered`, never "not there".
 *
 * Source: twilio.com/docs/messaging/api/message-resource, "Read multiple Message resources" (`To`, `DateSent>=`, paging).
 */
export class TwilioList {
  readonly #settings: TwilioSettings;
  readonly #headers: Record<string, string>;
  readonly #http: HttpCalls;

  constructor(settings: TwilioSettings, authorization: string) {
    this.#settings = settings;
    this.#headers = { authorization, accept: 'application/json' };
    const limits = { concurrency: CONCURRENCY, timeoutMs: PAGE_TIMEOUT_MS };
    this.#http = new HttpCalls(settings.origin, limits, MAX_PAGE_BYTES);
  }

  async find(evidence: Evidence<SmsContent>, call: Call): Promise<Inquiry> {
    const matches: Match[] = [];
    let path: string | undefined = this.#firstPage(evidence);
    for (let page = 0; path !== undefined && page < MAX_PAGES; page++) {
      const read = await this.#read(path, call);
      if ('kind' in read) return read;
      matches.push(...read.messages.filter((one) => isWanted(one, evidence)).map(toMatch));
      path = read.next;
    }
    if (path !== undefined && matches.length === 0)
      return unanswered('list_too_long', 'Too many texts to this number.');
    return { kind: 'answered', matches: matches.reverse() }; // the newest are listed first
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  #firstPage({ to, since }: Evidence<SmsContent>): string {
    const day = since.toISOString().slice(0, 10);
    const query = new URLSearchParams({ To: to, 'DateSent>': day, PageSize: String(PAGE_SIZE) });
    return `${this.#settings.path}?${query.toString()}`;
  }

  async #read(path: string, call: Call): Promise<Page | Inquiry> {
    const answer = await this.#http.make({ method: 'GET', path, headers: this.#headers }, call);
    if (isFailed(answer)) return unanswered(answer.code, answer.detail);
    const body = parseJsonObject(answer.body);
    const messages = body?.['messages'];
    if (answer.status !== 200 || !Array.isArray(messages))
      return unanswered(`http_${answer.status}`, 'The answer was no list of Twilio’s.');
    const next = body!['next_page_uri'] ?? undefined;
    // Only further into the same list: the credentials go nowhere else.
    const isOurs = typeof next === 'string' && next.startsWith(`${this.#settings.listPath}?`);
    if (next !== undefined && !isOurs)
      return unanswered('list_leads_elsewhere', 'The next page is not one of the same list.');
    return {
      messages: messages.map(readMessage).filter((one) => one !== undefined),
      next: isOurs ? this.#settings.basePath + next : undefined,
    };
  }
}

interface Page {
  messages: ListedMessage[];
  next: string | undefined;
}

interface ListedMessage {
  sid: string;
  to: string;
  body: string;
  status: string;
  direction: string;
  createdAt: number;
  errorCode: number | undefined;
}

/** Only what has the right shape; undefined for what is no message. */
function readMessage(raw: unknown): ListedMessage | undefined {
  if (typeof raw !== 'object' || raw === null) return undefined;
  const { sid, to, body, status, direction, date_created, error_code } = raw as Record<string, unknown>;
  const texts = [sid, to, body, status, direction, date_created];
  if (texts.some((one) => typeof one !== 'string') || !/^[A-Za-z0-9]{1,64}$/.test(sid as string))
    return undefined;
  return {
    sid: sid as string,
    to: to as string,
    body: body as string,
    status: status as string,
    direction: direction as string,
    createdAt: Date.parse(date_created as string), // RFC 2822; NaN is in no window
    errorCode: Number.isInteger(error_code) ? (error_code as number) : undefined,
  };
}

const isWanted = (one: ListedMessage, { to, since, until, isSame }: Evidence<SmsContent>): boolean =>
  one.direction.startsWith('outbound') &&
  one.to === to &&
  one.createdAt >= since.getTime() &&
  one.createdAt <= until.getTime() &&
  isSame({ kind: 'sms', text: one.body, segments: 0 });

const LOST = new Set(['failed', 'undelivered', 'canceled']);
const ARRIVED = new Set(['delivered', 'read']);

function toMatch({ sid, status, errorCode }: ListedMessage): Match {
  const code = errorCode === undefined ? `twilio_${wordOf(status)}` : `twilio_${errorCode}`;
  if (ARRIVED.has(status)) return { providerMessageId: sid, status: 'delivered', code, class: null };
  if (!LOST.has(status)) return { providerMessageId: sid, status: 'sent', code, class: null };
  const errorClass = errorCode === undefined ? 'permanent' : classifyTwilioCode(errorCode, undefined).class;
  return { providerMessageId: sid, status: 'bounced', code, class: errorClass };
}

const wordOf = (status: string): string => /^[a-z_]{1,30}$/.exec(status)?.[0] ?? 'listed';

const unanswered = (code: string, detail: string): Inquiry => ({ kind: 'unanswered', code, detail });
