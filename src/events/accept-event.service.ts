import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { PoolClient } from 'pg';

import type { Origin } from '../accept/accept.service.js';
import { differingFields } from '../accept/fingerprint.js';
import { WakeUp } from '../accept/wake-up.js';
import { toPublicId } from '../domain/public-id.js';
import { WorkPool } from '../platform/database/pools.js';
import { inTransaction } from '../platform/database/transaction.js';
import { Problem } from '../platform/http/problem.js';
import { Gauges } from '../platform/metrics/gauges.js';
import { type OpenSpan, Tracing } from '../platform/tracing/tracing.js';
import { type EventDraft, EventDrafts } from './event-drafts.service.js';
import type { AcceptedEvent, EventRequest } from './event.schema.js';
import { FanOut } from './fan-out.service.js';
import { FanOutTurns } from './fan-out-turns.js';
import { findEventByKey, type KnownEvent } from './sql/find-event.js';
import { insertEvents } from './sql/insert-events.js';

export interface EventAnswer {
  httpStatus: 200 | 202;
  body: AcceptedEvent;
}

interface Underway {
  draft: EventDraft;
  /** It has its turn: it is put to PostgreSQL. */
  turn: () => void;
  /** PostgreSQL has answered: what follows takes its time, in bounded steps. */
  begun: () => void;
  /** Aborted when its caller has been sent away before it had its turn. */
  signal: AbortSignal;
}

export interface Acceptance {
  begun: Promise<unknown>;
  answer: Promise<EventAnswer>;
  /** Its caller cannot wait any longer. Answers what to tell: `overloaded` when its turn had not come, though others had. */
  abandon: (reason: unknown) => unknown;
}

/** Small ones take milliseconds, so these have their turn in time; more would only fill the memory with their data. */
const MAX_WAITING = 500;
/** Half a large fan-out. Seconds. */
const RETRY_AFTER_S = 2;

/**
 * The door for events: all subscribers are owed their notification when it is answered, or none is.
 *
 * One transaction holds the event and its fan-out, so a process that dies in the middle leaves nothing, and the caller's
 * repetition makes it whole. A known key is answered before anything that the configuration can change is looked at; then
 * it is spread again, which reaches only endpoints that did not have it.
 */
@Injectable()
export class AcceptEvent implements OnApplicationShutdown {
  private readonly turns = new FanOutTurns<Underway, EventAnswer>((one) => this.settle(one));
  /** Events that PostgreSQL has answered, and those of them that are being spread. */
  private begun = 0;
  private spreading = 0;

  constructor(
    @Inject(WorkPool) private readonly pool: WorkPool,
    @Inject(EventDrafts) private readonly drafts: EventDrafts,
    @Inject(FanOut) private readonly fanOut: FanOut,
    @Inject(WakeUp) private readonly wakeUp: WakeUp,
    @Inject(Gauges) private readonly gauges: Gauges,
    @Inject(Tracing) private readonly tracing: Tracing,
  ) {}

  /**
   * Throws, or rejects with, Problem. `begun` ends when PostgreSQL has answered, `answer` when it is all durable. `abandon`
   * drops it if its turn has not come: whoever is sent away comes again, and each would wait here twice. Throws `overloaded`
   * when too many wait already.
   */
  accept(request: EventRequest, from: Origin): Acceptance {
    const draft = this.drafts.of(request, from);
    if (this.turns.size > MAX_WAITING) throw overloaded();
    const caller = new AbortController();
    const begunBefore = this.begun;
    let hasTurn = false;
    const turn = (): void => void (hasTurn = true);
    let answer!: Promise<EventAnswer>;
    const begun = new Promise<void>(
      (resolve) =>
        (answer = this.turns.add(kindOf(draft), { draft, turn, begun: resolve, signal: caller.signal })),
    );
    const abandon = (reason: unknown): unknown => {
      caller.abort();
      // Who waits behind others that get on meets a crowd; where nobody does, it is PostgreSQL that is away.
      const isCrowded = this.spreading > 0 || this.begun > begunBefore;
      return !hasTurn && isCrowded ? overloaded() : reason;
    };
    return { begun: Promise.race([begun, answer]), answer, abandon };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.turns.drain();
  }

  private async settle(one: Underway): Promise<EventAnswer> {
    if (one.signal.aborted) throw overloaded();
    one.turn();
    const span = this.begin(one.draft);
    one.draft.event.traceparent = span.traceparent;
    try {
      const answer = await inTransaction(this.pool, (tx) => this.settleWithin(tx, one));
      span.end({ facts: { 'posthaste.event': answer.body.id, 'posthaste.matched': answer.body.matched } });
      this.wakeUp.soon();
      this.turns.learn(kindOf(one.draft), answer.body.matched);
      this.gauges.events.inc({ result: answer.body.duplicate ? 'duplicate' : 'accepted' });
      return answer;
    } catch (error) {
      span.end({ fault: error instanceof Problem ? error.code : 'not_stored' });
      if (error instanceof Problem) this.gauges.events.inc({ result: error.code });
      throw error;
    }
  }

  /** All its notifications go on from here: they are one trace. */
  private begin({ event: { traceparent, type } }: EventDraft): OpenSpan {
    return this.tracing.begin({
      name: 'accept event',
      kind: 'server',
      parent: traceparent,
      facts: { 'posthaste.type': type },
    });
  }

  private async settleWithin(tx: PoolClient, { draft, begun }: Underway): Promise<EventAnswer> {
    const known = await this.store(tx, draft);
    begun();
    this.begun++;
    if (known?.isErased) return answerOf(known.id, 0, known);
    const id = known?.id ?? draft.event.id;
    this.spreading++;
    try {
      const [matched] = await this.fanOut.spread(tx, [{ ...draft.event, id }]);
      return answerOf(id, matched!, known);
    } finally {
      this.spreading--;
    }
  }

  /** Undefined: it is new, and stored. Throws a refusal that counts only for keys that are new, or the conflict. */
  private async store(tx: PoolClient, { row, refusal }: EventDraft): Promise<KnownEvent | undefined> {
    if (!refusal && (await insertEvents(tx, [row])).size === 1) return undefined;
    const known = await findEventByKey(tx, row.keyHash);
    if (!known) throw refusal ?? new Error('A key was refused as known, yet nobody holds it.');
    const fields = differingFields(known.fingerprint, row.fingerprint);
    if (fields.length > 0) throw conflict(toPublicId('event', known.id), fields);
    return known;
  }
}

const answerOf = (id: string, matched: number, known: KnownEvent | undefined): EventAnswer => ({
  httpStatus: known ? 200 : 202,
  body: {
    id: toPublicId('event', id),
    matched,
    duplicate: known !== undefined,
    ...(known?.isErased ? { erased: true } : {}),
  },
});

/** What tells nearly the same endpoints: all that concerns one recipient is told to few. */
const kindOf = ({ event }: EventDraft): string => `${event.type} ${event.recipient === null}`;

const overloaded = (): Problem =>
  new Problem('overloaded', 'Other events are still being told to their subscribers. Nothing was stored.', {
    retryAfterS: RETRY_AFTER_S,
  });

const conflict = (id: string, fields: string[]): Problem =>
  new Problem(
    'idempotency_conflict',
    `This key was accepted before with other content: ${fields.join(', ')}. Nothing was changed.`,
    { extensions: { id, fields } },
  );
