/** Milliseconds by the one monotonic clock that all processes of a machine share. */
export const sharedNowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/** A timer comes this much late on a machine with something to do; what is later than that is the fault of what is measured. */
const TIMER_SLACK_MS = 2;

/** From when the request of this number is timed, at so many a second: now, or soon after it was due. */
export const timedFrom = (startedAtMs: number, number: number, perSecond: number): number =>
  Math.min(sharedNowMs(), startedAtMs + ((number + 1) * 1000) / perSecond + TIMER_SLACK_MS);
