import { setMaxListeners } from 'node:events';

import { Inject, Injectable } from '@nestjs/common';

import type { Claimed, Hint } from '../notifications/claimed.js';
import { OutboxStore } from '../outbox/outbox.store.js';
import type { QueueRef } from '../queues/queue-names.js';
import { Claims } from './claims.js';
import { OutcomeReport } from './outcome-report.js';
import { Outcomes } from './outcomes.js';
import { ProviderDesks } from './provider-desks.js';
import { Sender } from './sender.js';
import type { Slot } from './slots.js';
import { Verdict } from './verdict.js';

/** A hint waits for a place at most this long; then it goes back to the outbox, where it obeys again. */
const CHUNK_BOUND_MS = 10_000;

/**
 * The spine of a worker: slot → claim → send → verdict → outcome.
 *
 * A job is done when each of its hints is claimed, stale, handed back, or waits for its endpoint alone: from the claim on,
 * the attempt row and this process's lease stand for the call, and the queue has nothing left to say. So a call that
 * hangs holds its own slot, and an endpoint at its cap its own hints; neither holds a job of the queue.
 */
@Injectable()
export class DispatchService {
  private readonly underWay = new Map<string, Promise<void>>();
  /** Hints that wait for their endpoint, after their job has ended. */
  private readonly waiting = new Set<Promise<void>>();
  private readonly stopping = new AbortController();
  private readonly cut = new AbortController();

  constructor(
    @Inject(ProviderDesks) private readonly desks: ProviderDesks,
    @Inject(Claims) private readonly claims: Claims,
    @Inject(Sender) private readonly sender: Sender,
    @Inject(Verdict) private readonly verdict: Verdict,
    @Inject(Outcomes) private readonly outcomes: Outcomes,
    @Inject(OutboxStore) private readonly outbox: OutboxStore,
    @Inject(OutcomeReport) private readonly report: OutcomeReport,
  ) {
    setMaxListeners(0, this.stopping.signal, this.cut.signal);
  }

  /** Takes one job's hints. Never fails because of one of them. */
  async takeChunk(hints: readonly Hint[], queue: QueueRef): Promise<void> {
    const bound = AbortSignal.any([AbortSignal.timeout(CHUNK_BOUND_MS), this.stopping.signal]);
    setMaxListeners(0, bound); // every hint that waits listens
    const desk = this.desks.of(queue.provider);
    const refused = await Promise.all(
      hints.map(async (hint) => {
        const isWaiting = hint.endpointId !== undefined && !desk.endpoints.hasPlace(hint.endpointId);
        if (isWaiting) this.takeLater(hint, queue, bound);
        return isWaiting || (await this.take(hint, queue, bound)) ? undefined : hint;
      }),
    );
    await this.handBack(refused.filter((hint) => hint !== undefined));
  }

  /** Ids whose call or record is under way here. */
  get busy(): ReadonlyMap<string, unknown> {
    return this.underWay;
  }

  /** Takes nothing more; resolves when every call has ended and is recorded. */
  async drain(): Promise<void> {
    this.stopping.abort();
    while (this.underWay.size + this.waiting.size > 0) {
      await Promise.allSettled([...this.underWay.values(), ...this.waiting]);
    }
  }

  /** Ends the calls under way: their outcome will be in doubt. */
  cutShort(): void {
    this.cut.abort();
  }

  private takeLater(hint: Hint, queue: QueueRef, bound: AbortSignal): void {
    const taking = this.take(hint, queue, bound)
      .then((isTaken) => (isTaken ? undefined : this.handBack([hint])))
      .finally(() => this.waiting.delete(taking));
    this.waiting.add(taking);
  }

  /** Whether a hint was taken, or was stale; false when it found no place in time. */
  private async take(hint: Hint, queue: QueueRef, bound: AbortSignal): Promise<boolean> {
    const desk = this.desks.of(queue.provider);
    const endpointSlot =
      hint.endpointId === undefined ? NO_SLOT : await desk.endpoints.take(hint.endpointId, bound);
    if (!endpointSlot) return false;
    const slot = await desk.slots.take(queue.lane, bound);
    if (!slot) {
      endpointSlot.release();
      return false;
    }
    const both = together(slot, endpointSlot);
    try {
      const claimed = await this.claims.take(hint, queue.provider);
      if (claimed?.status === 'sending') this.start(claimed, queue, both);
      else {
        both.release();
        this.report.notSent(claimed, queue.name);
      }
    } catch (error) {
      both.release();
      this.report.claimFailed(hint, error);
    }
    return true;
  }

  private start(claimed: Claimed, queue: QueueRef, slot: Slot): void {
    const call = this.deliver(claimed, queue, slot).finally(() => this.underWay.delete(claimed.id));
    this.underWay.set(claimed.id, call);
  }

  private async deliver(claimed: Claimed, queue: QueueRef, slot: Slot): Promise<void> {
    const startedAt = performance.now();
    const { provider } = this.desks.of(queue.provider);
    const outcome = await this.sender.send(claimed, provider, this.cut.signal);
    const record = this.verdict.on(claimed, outcome, provider.name, performance.now() - startedAt);
    this.report.attempted(claimed, record, provider.name);
    await this.outcomes.record(record);
    slot.release(); // only now: no more than the concurrency can ever be in doubt
  }

  private async handBack(hints: readonly Hint[]): Promise<void> {
    if (hints.length === 0) return;
    // If it fails, upkeep finds them: a hint that nobody took is a lost one.
    await this.outbox
      .takeBack(hints, 0)
      .catch((error: unknown) => this.report.handBackFailed(hints.length, error));
  }
}

const NO_SLOT: Slot = { release: () => undefined };

const together = (...slots: Slot[]): Slot => ({ release: () => slots.forEach((slot) => slot.release()) });
