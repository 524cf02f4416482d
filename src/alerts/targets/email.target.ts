import type { Provider } from '../../channels/channel.js';
import { headlineOf, linesOf, type News } from '../news.js';
import type { Target } from './target.js';

/** An alert that a mail server holds longer than this is told again. */
const CALL_MS = 30_000;

/**
 * Mail, straight through a provider and never through the outbox it may have to speak of. Each try takes the next provider:
 * the one that is down may be what the alert is about.
 */
export class EmailTarget implements Target {
  constructor(
    readonly name: string,
    private readonly to: string,
    private readonly providers: readonly Provider[],
    private readonly now: () => Date,
  ) {}

  async tell(news: News, signal: AbortSignal, tries: number): Promise<string | undefined> {
    const provider = this.providers[(tries - 1) % this.providers.length]!;
    const text = [headlineOf(news), '', ...linesOf(news), ''].join('\n');
    const parcel = {
      id: news.id,
      key: news.id,
      type: `posthaste.alert.${news.event}`,
      to: this.to,
      attempt: tries,
      content: { kind: 'email' as const, subject: headlineOf(news), text },
    };
    const call = { signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)]), now: this.now };
    try {
      const outcome = await provider.send(parcel, call);
      return outcome.kind === 'taken' ? undefined : outcome.code;
    } catch {
      return 'internal'; // a provider's own words may hold the address
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.providers.map((provider) => provider.close()));
  }
}
