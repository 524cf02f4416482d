import { VERSION } from '../../platform/version.js';
import { headlineOf, linesOf, type News } from '../news.js';
import type { OutgoingCalls } from './outgoing-calls.js';
import type { Target } from './target.js';

/** An incoming webhook as Slack, Mattermost, Rocket.Chat and Discord (its `/slack` form) take it: `{"text": …}`. */
export class SlackTarget implements Target {
  constructor(
    readonly name: string,
    private readonly url: string,
    private readonly calls: OutgoingCalls,
  ) {}

  tell(news: News, signal: AbortSignal): Promise<string | undefined> {
    const text = escaped([headlineOf(news), ...linesOf(news)].join('\n'));
    const headers = { 'content-type': 'application/json', 'user-agent': `Posthaste/${VERSION}` };
    return this.calls.post(this.url, JSON.stringify({ text }), headers, signal);
  }

  async close(): Promise<void> {
    // Its connections are those of `calls`.
  }
}

/** The three that Slack's markup reads: a type of notification must not become a mention. */
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
