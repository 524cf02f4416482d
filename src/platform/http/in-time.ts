import { Problem } from './problem.js';

/** A caller of the door is answered within three seconds, whatever PostgreSQL does; this leaves the rest for the way back. */
const DOOR_MS = 2_500;
const RETRY_AFTER_S = 2;

/**
 * The result, or Problem `unavailable` when it does not come in time. The work goes on: it may yet be stored, which the
 * caller's key makes harmless. `elapsedMs`: since the request arrived.
 *
 * The timeouts of a pool bound one statement, not the wait for a connection and for the group before it.
 */
export function inTime<T>(work: Promise<T>, elapsedMs: number): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(tooLate()), Math.max(0, DOOR_MS - elapsedMs));
    const inTimeFor =
      <V>(settle: (value: V) => void) =>
      (value: V): void => {
        clearTimeout(timer);
        settle(value);
      };
    work.then(inTimeFor(resolve), inTimeFor(reject));
  });
}

const tooLate = (): Problem =>
  new Problem(
    'unavailable',
    'PostgreSQL does not answer. The request may or may not be stored: send it again, its key makes that safe.',
    {
      retryAfterS: RETRY_AFTER_S,
    },
  );
