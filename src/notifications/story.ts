import type { ChannelName, Lane } from '../domain/channel.js';
import type { OutcomeKind } from '../domain/outcome.js';
import type { ReceiptKind } from '../domain/receipt.js';
import type { Status } from '../domain/status.js';

/** The record of a notification as it is stored, with what hangs on it. */
export interface StoredNotification {
  id: string;
  type: string;
  recipient: string | null;
  businessId: string | null;
  channel: ChannelName;
  lane: Lane;
  status: Status;
  provider: string | null;
  providerMessageId: string | null;
  eventId: string | null;
  payload: Buffer | null;
  reason: string | null;
  attempts: number;
  tries: number;
  createdAt: Date;
  updatedAt: Date;
  sendAt: Date | null;
  expiresAt: Date | null;
  deadlineAt: Date;
  erasedAt: Date | null;
  traceparent: string | null;
}

export interface StoredAttempt {
  number: number;
  provider: string;
  startedAt: Date;
  outcome: OutcomeKind | null;
  class: string | null;
  code: string | null;
  detail: string | null;
  durationMs: number | null;
  /** When the provider was last asked what became of it, and what it said; null: it was not. */
  askedAt: Date | null;
  answer: 'found' | 'not_found' | 'unanswered' | null;
}

/** Why a waiting one that is due, and whose gate is open, does not go yet: what its provider may be given is used up. */
export interface Shortage {
  waitingFor: 'rate_limit' | 'budget' | 'endpoint';
  /** When the next of those that wait for it may go; left out: when an answer comes, and nobody knows when. */
  at?: Date;
  reason: string;
}

/** What its provider said later. */
export interface StoredReceipt {
  kind: ReceiptKind;
  provider: string;
  code: string;
  class: string | null;
  /** By the provider's clock. */
  at: Date;
  receivedAt: Date;
}

/** Where a waiting one stands. */
export interface Waiting {
  /** It counts against its provider's retry budget. */
  isRetry: boolean;
  availableAt: Date;
  isDue: boolean;
  /** Why it waits, in a word: `accepted`, `quiet_hours`, the code of a failure. */
  reason: string | null;
  /** The only provider that may have it; null: any of the channel. */
  pinnedProvider: string | null;
  endpointId: string | null;
  publishedAt: Date | null;
  queue: string | null;
  /** The id of the lowest unsettled one with the same ordering key, when that is another. */
  behind: string | null;
  /** Since the last sign of life of any relay, milliseconds; null: none is known. */
  relaySilentMs: number | null;
  /** The same of any worker. */
  workerSilentMs: number | null;
  /** Hints of its endpoint that are out, at most a thousand; of one without an endpoint none. */
  endpointOut: number;
  /** How many calls at once its endpoint asks for; null: it has no wish of its own. */
  endpointConcurrency: number | null;
}

/** The call under way. */
export interface Calling {
  number: number;
  provider: string;
  since: Date;
  /** Whose call it is; null: that process has ended its lease. */
  worker: { host: string; pid: number; renewedAt: Date; silentMs: number } | null;
}

export interface Story {
  notification: StoredNotification;
  attempts: StoredAttempt[];
  receipts: StoredReceipt[];
  waiting: Waiting | undefined;
  /** Only while it is `sending`. */
  calling?: Calling | undefined;
  /** When it became undeliverable, and why. `askAt`: of a doubt, when its provider is asked next; null: not any more. */
  undelivered:
    | { since: Date; class: string | null; code: string | null; detail: string | null; askAt: Date | null }
    | undefined;
}
