import type { TestApp } from './app.js';
import { HookSink } from './hook-sink.js';

/** One thing a target was told: `raised breaker_open:smtp`. */
export interface Told {
  event: string;
  key: string;
  count: number;
  id: string;
}

/** A webhook target that keeps what it was told, in order. */
export class AlertSink {
  private constructor(readonly hooks: HookSink) {}

  static async start(): Promise<AlertSink> {
    return new AlertSink(await HookSink.start());
  }

  /** The section of `posthaste.yaml`; times are short, so that tests need not wait. */
  section(more = ''): string {
    return `alerts: { to: [ { kind: webhook, url: "${this.hooks.url('/alerts')}" } ], quiet: 500ms${more} }\n`;
  }

  /** All calls, also those that were refused. */
  get told(): Told[] {
    return this.hooks.arrivals.map(({ body, id }) => {
      const { type, data } = JSON.parse(body);
      return { event: type.replace('posthaste.alert.', ''), key: data.key, count: data.count, id };
    });
  }

  /** What was told of one cause, in order. */
  eventsOf(key: string): string[] {
    return this.told.filter((one) => one.key === key).map(({ event }) => event);
  }

  stop(): Promise<void> {
    return this.hooks.stop();
  }
}

/** The alerts of one cause as they are stored, the first first. */
export async function alertsOf(
  pool: TestApp['pool'],
  key: string,
): Promise<{ resolved_at: Date | null; told: number; count: string; since: Date }[]> {
  return (
    await pool.query(
      'SELECT resolved_at, told, count, since FROM alerts WHERE alert_key = $1 ORDER BY raised_at',
      [key],
    )
  ).rows;
}
