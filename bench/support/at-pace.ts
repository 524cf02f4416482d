import { sharedNowMs } from './clock.js';

/** A timer comes this much late on a machine with something to do; what is later than that is the fault of what is measured. */
const TIMER_SLACK_MS = 2;

export interface Pace {
  perSecond: number;
  durationMs: number;
}

/** At a fixed rate, whatever the answers take. `send`: is told from when it is timed. `mayGo`: who has a connection for it. */
export async function atPace<T>(
  { perSecond, durationMs }: Pace,
  send: (timedFromMs: number) => Promise<T>,
  mayGo = (): boolean => true,
): Promise<T[]> {
  const amount = Math.floor((perSecond * durationMs) / 1000);
  const sent: Promise<T>[] = [];
  const startedAt = sharedNowMs();
  /** Now, or soon after it was due. */
  const timedFrom = (number: number): number =>
    Math.min(sharedNowMs(), startedAt + ((number + 1) * 1000) / perSecond + TIMER_SLACK_MS);
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(amount, Math.floor(((sharedNowMs() - startedAt) * perSecond) / 1000));
      while (sent.length < due && mayGo()) sent.push(send(timedFrom(sent.length)));
      if (sent.length < amount) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
  return Promise.all(sent);
}
