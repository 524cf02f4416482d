import type { IncomingHttpHeaders } from 'node:http';

import type { Said } from './said.js';

/** A callback as it came in: what is signed are bytes. */
export interface CallbackRequest {
  /** Path and query, as they were sent. */
  target: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/**
 * What a callback is worth.
 *
 * - `said`        authentic; perhaps nothing of it is for us
 * - `forged`      no signature, or not theirs
 * - `unreadable`  authentic, and not the form that was agreed on
 * - `unverified`  it cannot be checked this moment: they shall send it again
 */
export type Reading = { is: 'said'; said: readonly Said[] } | { is: 'forged' | 'unreadable' | 'unverified' };

/** One vendor's way of calling back. Reads nothing of a body whose signature it has not verified. */
export interface Dialect {
  /** `now`: by the database's clock. Never throws for what was sent. */
  read(request: CallbackRequest, now: Date): Promise<Reading>;
}

export const said = (...all: Said[]): Reading => ({ is: 'said', said: all });
export const FORGED: Reading = { is: 'forged' };

/** A header that was sent once. */
export function headerOf({ headers }: CallbackRequest, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
