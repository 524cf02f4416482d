import type { ErrorClass } from '../domain/outcome.js';
import type { ReceiptKind } from '../domain/receipt.js';

/** One thing that a provider says, in our words. It is about `id`, else about `providerMessageId`, else about `address`. */
export interface Said {
  kind: ReceiptKind;
  /** Our id (a UUID), where the provider carries it. */
  id?: string;
  providerMessageId?: string;
  /** Of `stop` and `start` that answer no message of ours: in its channel's normal form. Kept nowhere. */
  address?: string;
  /** Of `bounced`: `suppress` when the address will never take anything. */
  class?: ErrorClass;
  /** Stable and short: `twilio_30006`, `ses_permanent_noemail`. */
  code: string;
  /** By the provider's clock. */
  at: Date;
  /** The same whenever the provider says the same thing again, and never for another. */
  key: string;
}

const CODE = /[^a-z0-9_.]+/g;
const MAX_CODE = 64;

/** The parts as one code: lower case, without anything that could be an address. */
export const codeOf = (...parts: (string | number | undefined)[]): string =>
  parts
    .filter((part) => part !== undefined && part !== '')
    .join('_')
    .toLowerCase()
    .replace(CODE, '_')
    .slice(0, MAX_CODE);

/** As providers write ids. What looks otherwise is no id, and is not stored. */
const MESSAGE_ID = /^[!-~]{1,200}$/;
export const messageIdOf = (value: unknown): string | undefined =>
  typeof value === 'string' && MESSAGE_ID.test(value) ? value : undefined;

/** Years beyond these are somebody's mistake, and PostgreSQL's dates end. */
const FIRST_MS = Date.UTC(2000, 0, 1);
const LAST_MS = Date.UTC(2100, 0, 1);

/** A time of the provider's, or `now` when that is none. */
export function timeOf(value: unknown, now: Date): Date {
  const ms = typeof value === 'number' ? value * 1_000 : typeof value === 'string' ? Date.parse(value) : NaN;
  return ms >= FIRST_MS && ms < LAST_MS ? new Date(ms) : now;
}
