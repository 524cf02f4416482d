import { contentFor, type ContentOf } from './content.js';

/** Where requests go, and what they carry. */
export interface Target {
  port: number;
  /** More doors of the same installation: callers take them in turn. */
  morePorts?: readonly number[];
  /** Default: webhook. */
  channel?: ContentOf;
  /** Default: transactional. */
  lane?: 'bulk';
  path: string;
  apiKey: string;
  /** Default: bare sockets, which take as little of the machine as can be; `client`: a real HTTP client. */
  callers?: 'client';
  /** `ep_…`: taken in turn. */
  endpoints: readonly string[];
  /** Notifications in one request; 1: the single form. */
  batch: number;
  /** Of every hundred notifications, how many repeat one that was accepted before. */
  duplicatesPercent: number;
}

/** Writes requests for one caller: real ones, each with a key of its own, but for the duplicates asked for. */
export class RequestWriter {
  private readonly head: string;
  private readonly content;
  private written = 0;
  private lastItem: string | undefined;

  constructor(
    private readonly target: Target,
    /** Unique among all callers of all runs. */
    private readonly caller: string,
    /** Which endpoint it begins with: callers that all begin with the same one meet there again and again. */
    private readonly first = 0,
  ) {
    this.content = contentFor(target.channel ?? 'webhook', target.endpoints);
    this.head =
      `POST ${target.path} HTTP/1.1\r\nhost: 127.0.0.1:${target.port}\r\nauthorization: Bearer ${target.apiKey}\r\n` +
      'content-type: application/json\r\naccept: application/json\r\ncontent-length: ';
  }

  next(): string {
    const body = this.target.batch === 1 ? this.item() : `{"notifications":[${this.items().join(',')}]}`;
    return `${this.head}${body.length}\r\n\r\n${body}`;
  }

  private items(): string[] {
    return Array.from({ length: this.target.batch }, () => this.item());
  }

  private item(): string {
    const at = this.written++;
    const { duplicatesPercent, lane } = this.target;
    // Repeats come evenly, and each repeats what the same caller has been answered for or sends along.
    const isRepeat = ((at + 1) * duplicatesPercent) % 100 < duplicatesPercent && this.lastItem !== undefined;
    if (isRepeat) return this.lastItem!;
    const { type, channel, data } = this.content;
    this.lastItem =
      `{"type":"${type}","recipient":"customer-${at % 1000}","business_id":"${this.caller}-${at}",` +
      `${lane === undefined ? '' : `"lane":"${lane}",`}"channel":"${channel}","to":"${this.content.to(this.first + at)}","data":${data}}`;
    return this.lastItem;
  }
}
