/** A provider that is back is given twice as much after each such step. */
const STEP_MS = 5_000;
/** After this it is as well as any other. */
const RAMP_MS = 30_000;

/**
 * Calls a second that a provider may have so long after its gate opened: at first its concurrency, then twice as many every
 * five seconds. Undefined: it does not recover, or not any more.
 */
export function rampRate(concurrency: number, sinceMs: number | undefined): number | undefined {
  if (sinceMs === undefined || sinceMs < 0 || sinceMs >= RAMP_MS) return undefined;
  return concurrency * 2 ** Math.floor(sinceMs / STEP_MS);
}
