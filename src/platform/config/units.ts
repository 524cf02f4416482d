/** Durations (`500ms`, `10s`, `15m`, `24h`, `7d`), rates (`14/s`, `100/m`) as the contract writes them. */

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export const DURATION_PATTERN = '^(0|[1-9][0-9]{0,8})(ms|s|m|h|d)$';
export const RATE_PATTERN = '^[1-9][0-9]{0,6}/(s|m|h)$';

/** Milliseconds, or undefined when it is no duration. */
export function parseDurationMs(text: string): number | undefined {
  const match = new RegExp(DURATION_PATTERN).exec(text);
  return match ? Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS] : undefined;
}

/** Calls per second, or undefined when it is no rate. */
export function parseRatePerSecond(text: string): number | undefined {
  if (!new RegExp(RATE_PATTERN).test(text)) return undefined;
  const [count, unit] = text.split('/');
  return Number(count) / (UNIT_MS[unit as 's' | 'm' | 'h'] / 1_000);
}
