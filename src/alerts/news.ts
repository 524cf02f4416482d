import { toPublicId } from '../domain/public-id.js';
import type { Severity } from './alert-kinds.js';

export type NewsEvent = 'raised' | 'repeated' | 'resolved';

/** What a target is told, in whatever form it takes. No recipient is in it. */
export interface News {
  /** `alr_…_1`: the same on every try, so that a target that hears it twice can tell. */
  id: string;
  event: NewsEvent;
  at: Date;
  alert: {
    id: string;
    key: string;
    kind: string;
    severity: Severity;
    summary: string;
    count: number;
    since: Date;
    raisedAt: Date;
    detail: Record<string, unknown>;
  };
}

export const newsIdOf = (alertId: string, news: number): string => `${toPublicId('alert', alertId)}_${news}`;

const LEAD: Record<NewsEvent, string> = { raised: 'ALERT', repeated: 'ALERT, again', resolved: 'Resolved' };

/** One line for people: `ALERT (critical): Nothing goes out by sms: every provider of it is held`. */
export function headlineOf({ event, alert }: News): string {
  const severity = event === 'resolved' ? '' : ` (${alert.severity})`;
  const count = alert.count > 1 ? ` [${alert.count}]` : '';
  return `${LEAD[event]}${severity}: ${alert.summary}${count}`;
}

/** The lines below it: since when, and how to find it. */
export function linesOf(news: News): string[] {
  const { alert } = news;
  return [
    `since ${alert.since.toISOString()}, ${news.event} ${news.at.toISOString()}`,
    `${alert.kind}, ${alert.id}: docs/operations.md says what to look at and what to do`,
  ];
}

/** What a webhook carries: the envelope of Standard Webhooks. */
export const bodyOf = (news: News): string =>
  JSON.stringify({
    type: `posthaste.alert.${news.event}`,
    timestamp: news.at.toISOString(),
    data: {
      id: news.alert.id,
      key: news.alert.key,
      kind: news.alert.kind,
      severity: news.alert.severity,
      summary: news.alert.summary,
      count: news.alert.count,
      since: news.alert.since.toISOString(),
      raised_at: news.alert.raisedAt.toISOString(),
      detail: news.alert.detail,
    },
  });
