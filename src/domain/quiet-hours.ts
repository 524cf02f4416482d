import { DAY_MS, offsetMs } from './time-zone.js';

/** 1 is Monday, as ISO 8601 counts. */
export type Weekday = 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** When nobody is written to, by the recipient's wall clock. */
export interface QuietHours {
  /** Minutes since midnight, 0–1439. */
  fromMinute: number;
  /** Minutes since midnight, 1–1440. Not after `fromMinute`: of the next day. */
  toMinute: number;
  /** The days on whose evening they begin; undefined: every day. */
  weekdays: ReadonlySet<Weekday> | undefined;
}

const MINUTE_MS = 60_000;
/** A rule that leaves no moment open in a week leaves none at all. */
const LONGEST_MS = 8 * DAY_MS;

/**
 * The first moment at or after `atMs` at which it is quiet in none of the zones. `atMs` itself when it may go now;
 * undefined when the zones leave no moment open between them.
 *
 * By the wall clock, whatever it does: an hour that a spring night leaves out is not waited for, one that an autumn night
 * repeats is quiet twice.
 */
export function opensAt(rule: QuietHours, zones: readonly string[], atMs: number): number | undefined {
  let candidateMs = atMs;
  while (candidateMs - atMs <= LONGEST_MS) {
    const ends = zones.flatMap((zone) => quietEnd(rule, zone, candidateMs) ?? []);
    if (ends.length === 0) return candidateMs;
    candidateMs = Math.max(...ends);
  }
  return undefined;
}

/** When the quiet hours in force at this moment end in one zone; undefined: it is not quiet there. */
export function quietEnd(rule: QuietHours, zone: string, atMs: number): number | undefined {
  const wallMs = atMs + offsetMs(zone, atMs);
  const midnightMs = Math.floor(wallMs / DAY_MS) * DAY_MS;
  const endWallMs = [midnightMs - DAY_MS, midnightMs]
    .filter((dayMs) => rule.weekdays?.has(weekdayOf(dayMs)) ?? true)
    .map((dayMs) => quietSpan(rule, dayMs))
    .filter(([from, to]) => from <= wallMs && wallMs < to)
    .map(([, to]) => to)
    .at(-1);
  return endWallMs === undefined ? undefined : instantOf(zone, atMs, endWallMs - wallMs);
}

/** The quiet hours that begin on this day, on its wall clock. */
function quietSpan({ fromMinute, toMinute }: QuietHours, dayMs: number): [number, number] {
  const untilMinute = toMinute > fromMinute ? toMinute : toMinute + DAY_MS / MINUTE_MS;
  return [dayMs + fromMinute * MINUTE_MS, dayMs + untilMinute * MINUTE_MS];
}

/** When the wall clock has advanced so far, or has jumped past it. No zone changes its clock twice in a day. */
function instantOf(zone: string, atMs: number, wallDistanceMs: number): number {
  const guessMs = atMs + wallDistanceMs;
  const shiftMs = offsetMs(zone, guessMs) - offsetMs(zone, atMs);
  if (shiftMs <= 0) return guessMs - shiftMs;
  const earlierMs = guessMs - shiftMs;
  const isInTheGap = offsetMs(zone, earlierMs) === offsetMs(zone, atMs);
  return isInTheGap ? changeBetween(zone, earlierMs, guessMs) : earlierMs;
}

/** The first moment of the new offset, to the minute. */
function changeBetween(zone: string, fromMs: number, toMs: number): number {
  let [before, after] = [Math.floor(fromMs / MINUTE_MS), Math.ceil(toMs / MINUTE_MS)];
  const old = offsetMs(zone, fromMs);
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (offsetMs(zone, middle * MINUTE_MS) === old) before = middle;
    else after = middle;
  }
  return after * MINUTE_MS;
}

/** 1 January 1970 was a Thursday. */
const weekdayOf = (dayMs: number): Weekday => (((dayMs / DAY_MS + 3) % 7) + 1) as Weekday;
