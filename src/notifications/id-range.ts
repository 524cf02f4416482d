/** Ids carry the time of the process that made them; clocks this far apart are still found. */
const CLOCK_MARGIN_MS = 300_000;

/** The lowest UUIDv7 that one accepted at or after `time` can have. */
export const lowestIdFrom = (time: Date): string => lowestIdAt(time.getTime() - CLOCK_MARGIN_MS);

/** The lowest UUIDv7 that one accepted before `time` cannot have. */
export const lowestIdPast = (time: Date): string => lowestIdAt(time.getTime() + CLOCK_MARGIN_MS);

/** The lowest UUIDv7 of a millisecond. */
function lowestIdAt(ms: number): string {
  const hex = Math.max(0, Math.floor(ms)).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7000-8000-000000000000`;
}
