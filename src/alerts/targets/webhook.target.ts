import { signatureOf } from '../../channels/webhook/signature.js';
import { VERSION } from '../../platform/version.js';
import { bodyOf, type News } from '../news.js';
import type { OutgoingCalls } from './outgoing-calls.js';
import type { Target } from './target.js';

/** JSON, by Standard Webhooks 1.0: with a secret it is signed, always it has an id to know a repetition by. */
export class WebhookTarget implements Target {
  constructor(
    readonly name: string,
    private readonly url: string,
    private readonly secret: string | undefined,
    private readonly calls: OutgoingCalls,
    private readonly now: () => Date,
  ) {}

  tell(news: News, signal: AbortSignal): Promise<string | undefined> {
    const body = bodyOf(news);
    return this.calls.post(this.url, body, this.headersFor(news, body), signal);
  }

  async close(): Promise<void> {
    // Its connections are those of `calls`.
  }

  private headersFor({ id }: News, body: string): Record<string, string> {
    const timestamp = Math.floor(this.now().getTime() / 1_000);
    return {
      'content-type': 'application/json',
      'user-agent': `Posthaste/${VERSION}`,
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      ...(this.secret === undefined
        ? {}
        : { 'webhook-signature': signatureOf(id, timestamp, body, [this.secret]) }),
    };
  }
}
