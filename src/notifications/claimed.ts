import type { ChannelName, InDoubtPolicy, Lane } from '../domain/channel.js';
import type { Doubt } from '../domain/doubt.js';
import type { Status } from '../domain/status.js';

/** The code of an attempt that was refused before the call: its content is not what may have arrived. */
export const CONTENT_CHANGED = 'content_changed';

/** A hint: "look at this notification, if its outbox row still carries this dispatch number". */
export interface Hint {
  id: string;
  dispatch: number;
  /** Of a webhook: whose slot it needs. */
  endpointId?: string;
}

/** What a worker holds after its claim: the one right to make this attempt. */
export interface Claimed {
  id: string;
  dispatch: number;
  /**
   * `expired` or `dead`: time had run out; `suppressed`: the address takes nothing any more; `in_doubt`: one of these, of what
   * may have arrived. Nothing is to be sent.
   */
  status: Extract<Status, 'sending' | 'expired' | 'dead' | 'suppressed' | 'in_doubt'>;
  type: string;
  channel: ChannelName;
  lane: Lane;
  template: string;
  locale: string | null;
  payload: Buffer;
  /** Of one that tells an event: the event, which holds its data. */
  eventId: string | null;
  eventPayload: Buffer | null;
  endpointId: string | null;
  onInDoubt: InDoubtPolicy | null;
  /** This attempt's number. */
  attempt: number;
  /** Calls that count against the retry policy, this one included. */
  tries: number;
  createdAt: Date;
  /** When it might go, when its hint went out, and when it was claimed: by the database's clock. */
  dueAt: Date;
  publishedAt: Date;
  claimedAt: Date;
  /** Where its trace goes on; null: it has none. */
  traceparent: string | null;
  expiresAt: Date | null;
  deadlineAt: Date;
  /** Earlier attempts whose end nobody knows, oldest first. */
  doubts: readonly Doubt[];
  /** Digests of earlier attempts that were refused as `content_changed`, hex. */
  refusedDigests: readonly string[];
  /** Of its process's lease, at the claim. */
  term?: number;
}

/** Of nearly every claim: a first attempt has none. */
const NO_PRECEDENTS = { doubts: [], refusedDigests: [] } as const;

/** As PostgreSQL gives precedents (sql/precedents.ts); null: there are none. */
export type StoredPrecedents = {
  provider: string;
  startedAt: string;
  outcome: string;
  digest: string | null;
}[];

export function readPrecedents(stored: StoredPrecedents | null): Pick<Claimed, 'doubts' | 'refusedDigests'> {
  if (stored === null) return NO_PRECEDENTS;
  const isDoubt = ({ outcome }: { outcome: string }): boolean => outcome === 'in_doubt';
  return {
    doubts: stored
      .filter(isDoubt)
      .map(({ provider, startedAt, digest }) => ({ provider, startedAt: new Date(startedAt), digest })),
    refusedDigests: stored.filter((one) => !isDoubt(one)).flatMap(({ digest }) => digest ?? []),
  };
}

/** Of several hints for one notification only the newest can be worth anything. */
export function newestOfEach<H extends { id: string; dispatch: number }>(hints: readonly H[]): H[] {
  const newest = new Map<string, H>();
  for (const hint of hints) {
    const known = newest.get(hint.id);
    if (!known || known.dispatch < hint.dispatch) newest.set(hint.id, hint);
  }
  return [...newest.values()];
}
