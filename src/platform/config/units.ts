/** Durations (`500ms`, `10s`, `15m`, `24h`, `7d`), rates (`14/s`, `100/m`) as the contract writes them. */

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** At most 274 years, whatever the unit: a time in four digits and a duration make a time that PostgreSQL can store. */
export const DURATION_PATTERN = '^((0|[1-9][0-9]{0,8})(ms|s)|(0|[1-9][0-9]{0,6})m|(0|[1-9][0-9]{0,4})[hd])$';
export const RATE_PATTERN = '^[1-9][0-9]{0,6}/(s|m|h)$';

/** Milliseconds, or undefined when it is no duration. */
export function parseDurationMs(text: string): number | undefined {
  if (!new RegExp(DURATION_PATTERN).test(text)) return undefined;
  const unit = text.replace(/^\d+/, '') as keyof typeof UNIT_MS;
  return Number.parseInt(text, 10) * UNIT_MS[unit];
}

/** So many in so long, as `100/s`. */
export interface Quota {
  count: number;
  windowS: number;
}

/** Undefined when it is no rate. */
export function parseQuota(text: string): Quota | undefined {
  if (!new RegExp(RATE_PATTERN).test(text)) return undefined;
  const [count, unit] = text.split('/');
  return { count: Number(count), windowS: UNIT_MS[unit as 's' | 'm' | 'h'] / 1_000 };
}

/** Calls per second, or undefined when it is no rate. */
export function parseRatePerSecond(text: string): number | undefined {
  const quota = parseQuota(text);
  return quota && quota.count / quota.windowS;
}
