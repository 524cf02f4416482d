import { toPublicId } from '../domain/public-id.js';
import type { Status } from '../domain/status.js';
import type { OpenSpan, Tracing } from '../platform/tracing/tracing.js';
import type { NewNotification } from './sql/insert-accepted.js';

interface Stored {
  id: string;
  isNew: boolean;
  status: Status;
}

/**
 * Accepts rows, each under a span of its own: part of its caller's trace, or the beginning of one. What is stored goes on from
 * that span. A duplicate ends its span with the id that is known; the first one's trace is the notification's.
 */
export async function traced<S extends Stored>(
  tracing: Tracing,
  rows: readonly NewNotification[],
  accept: (rows: NewNotification[]) => Promise<PromiseSettledResult<S>[]>,
): Promise<PromiseSettledResult<S>[]> {
  const spans = rows.map((row) => begin(tracing, row));
  const results = await accept(rows.map((row, i) => ({ ...row, traceparent: spans[i]!.traceparent })));
  results.forEach((result, i) => end(spans[i]!, result));
  return results;
}

const begin = (tracing: Tracing, { traceparent, type, channel, lane }: NewNotification): OpenSpan =>
  tracing.begin({
    name: 'accept',
    kind: 'server',
    parent: traceparent,
    facts: { 'posthaste.type': type, 'posthaste.channel': channel, 'posthaste.lane': lane },
  });

function end(span: OpenSpan, result: PromiseSettledResult<Stored>): void {
  if (result.status === 'rejected') return span.end({ fault: 'not_stored' });
  const { id, isNew, status } = result.value;
  span.end({
    facts: {
      'posthaste.notification': toPublicId('notification', id),
      'posthaste.status': status,
      'posthaste.duplicate': !isNew,
    },
  });
}
