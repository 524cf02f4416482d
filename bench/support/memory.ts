import { readFileSync } from 'node:fs';

/** Resident memory of a process, MiB; NaN where there is no /proc. */
export function residentMiB(pid: number): number {
  try {
    const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    return Number(kib) / 1024;
  } catch {
    return Number.NaN;
  }
}

/** A value at a time, seconds. */
export type Sample = readonly [seconds: number, value: number];

/** How much a value grows in a minute: the line of least squares through its samples. */
export function slopePerMinute(samples: readonly Sample[]): number {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, one) => sum + one, 0) / values.length;
  const atMean = mean(samples.map(([at]) => at));
  const valueMean = mean(samples.map(([, value]) => value));
  const covariance = samples.reduce((sum, [at, value]) => sum + (at - atMean) * (value - valueMean), 0);
  const variance = samples.reduce((sum, [at]) => sum + (at - atMean) ** 2, 0);
  return (covariance / variance) * 60;
}
