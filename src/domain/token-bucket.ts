/** A bucket as it was last written. */
export interface BucketLevel {
  tokens: number;
  /** Since then, milliseconds. */
  idleMs: number;
}

/** At most a second's worth is saved up, and at least one: a rate of 100 an hour lets one go. */
export const burstOf = (ratePerSecond: number): number => Math.max(1, ratePerSecond);

/** What a bucket holds by now. One that nobody has touched yet is full. */
export function tokensIn(
  level: BucketLevel | undefined,
  ratePerSecond: number,
  burst = burstOf(ratePerSecond),
): number {
  if (!level) return burst;
  return Math.min(burst, level.tokens + (Math.max(0, level.idleMs) / 1_000) * ratePerSecond);
}

/** Until there is a whole token, milliseconds. */
export const untilTokenMs = (tokens: number, ratePerSecond: number): number =>
  tokens >= 1 ? 0 : ((1 - tokens) / ratePerSecond) * 1_000;
