import type { Gauges } from '../platform/metrics/gauges.js';
import { figureGauges } from './figure-gauges.js';
import type { Figures } from './figures.js';
import type { Shared } from './sql/share-standing.js';

/** A scrape waits for the figures no longer; what comes later is shown by the next. */
const WAIT_MS = 1_000;
/** This process asks no more often, however often it is scraped. */
const ASK_EVERY_MS = 5_000;
/** Figures of longer ago say nothing of now: then there are none, which alerts can see, rather than wrong ones. */
const STALE_MS = 60_000;

/** Shows the figures in the metrics. Never fails a scrape, and never holds it up: without PostgreSQL all others are shown. */
export function meterFigures(gauges: Gauges, read: () => Promise<Shared<Figures> | undefined>): void {
  const shown = figureGauges(gauges);
  const takenAt = gauges.gauge(
    'posthaste_standing_timestamp_seconds',
    'When the figures of PostgreSQL were read, by its clock',
    [],
  );
  let underWay: Promise<void> | undefined;
  let askedMs = -Infinity;
  let latest: Shared<Figures> | undefined;
  let takenMs = -Infinity; // by this process's monotonic clock

  const ask = async (): Promise<void> => {
    try {
      const found = await read();
      if (!found) return;
      latest = found;
      takenMs = performance.now() - found.ageMs;
    } catch {
      // PostgreSQL is away, which has metrics and an alert of its own.
    } finally {
      underWay = undefined;
    }
  };
  gauges.beforeEach(async () => {
    if (!underWay && performance.now() - askedMs >= ASK_EVERY_MS) {
      askedMs = performance.now();
      underWay = ask();
    }
    if (underWay) await within(underWay, WAIT_MS);
    const isFresh = latest !== undefined && performance.now() - takenMs < STALE_MS;
    for (const { gauge, rows } of shown) {
      gauge.reset();
      if (isFresh) for (const { labels, value } of rows(latest!.content)) gauge.set(labels, value);
    }
    if (latest) takenAt.set(latest.takenAt.getTime() / 1000);
  });
}

async function within(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([work, new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))]);
  clearTimeout(timer);
}
