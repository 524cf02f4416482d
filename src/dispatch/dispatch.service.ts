import { setMaxListeners } from 'node:events';

import { Inject, Injectable } from '@nestjs/common';

import type { Hint } from '../notifications/claimed.js';
import type { QueueRef } from '../queues/queue-names.js';
import { HandBacks } from '../relay/hand-backs.service.js';
import { Claims } from './claims.js';
import { DeliveryService } from './delivery.service.js';
import { MayGo } from './may-go.js';
import { OutcomeReport } from './outcome-report.js';
import { ProviderDesks } from './provider-desks.js';
import type { Slot } from './slots.js';

/** A hint waits for a place at most this long; then it goes back to the outbox, where it obeys again. */
const CHUNK_BOUND_MS = 10_000;

/**
 * The spine of a worker, from the hint to the claim: gate → slot → claim; DeliveryService goes on from there.
 *
 * A job is done when each of its hints is claimed, stale, handed back, or waits for its endpoint alone: from the claim on,
 * the attempt row and this process's lease stand for the call, and the queue has nothing left to say. So a call that
 * hangs holds its own slot, and an endpoint at its cap its own hints; neither holds a job of the queue.
 */
@Injectable()
export class DispatchService {
  /** Hints that wait for their endpoint, after their job has ended. */
  private readonly waiting = new Set<Promise<void>>();
  private readonly bounds = new Map<AbortController, NodeJS.Timeout>();
  private isStopping = false;

  constructor(
    @Inject(ProviderDesks) private readonly desks: ProviderDesks,
    @Inject(MayGo) private readonly mayGo: MayGo,
    @Inject(Claims) private readonly claims: Claims,
    @Inject(DeliveryService) private readonly deliveries: DeliveryService,
    @Inject(HandBacks) private readonly handBacks: HandBacks,
    @Inject(OutcomeReport) private readonly report: OutcomeReport,
  ) {}

  /** Takes one job's hints. Never fails because of one of them. */
  async takeChunk(hints: readonly Hint[], queue: QueueRef): Promise<void> {
    const bound = this.boundOf(hints.length);
    const desk = this.desks.of(queue.provider);
    await desk.endpoints.learn(hints.flatMap((hint) => hint.endpointId ?? []));
    const refused = await Promise.all(
      hints.map(async (hint) => {
        const isWaiting = hint.endpointId !== undefined && !desk.endpoints.hasPlace(hint.endpointId);
        if (isWaiting) this.takeLater(hint, queue, bound);
        return isWaiting || (await this.take(hint, queue, bound)) ? undefined : hint;
      }),
    );
    await this.handBack(
      refused.filter((hint) => hint !== undefined),
      queue.provider,
    );
  }

  /**
   * Fires after the bound, or when this process stops. Held by its timer: Node 20 lets a composed signal
   * (AbortSignal.any over a timeout) be collected before it fires.
   */
  private boundOf(listeners: number): AbortSignal {
    const bound = new AbortController();
    setMaxListeners(listeners + 1, bound.signal);
    const timer = setTimeout(() => this.endBound(bound, timer), CHUNK_BOUND_MS);
    this.bounds.set(bound, timer);
    if (this.isStopping) this.endBound(bound, timer);
    return bound.signal;
  }

  private endBound(bound: AbortController, timer: NodeJS.Timeout): void {
    clearTimeout(timer);
    this.bounds.delete(bound);
    bound.abort();
  }

  /** Takes nothing more: hints that wait for their endpoint go back. */
  async stop(): Promise<void> {
    this.isStopping = true;
    for (const [bound, timer] of [...this.bounds]) this.endBound(bound, timer);
    while (this.waiting.size > 0) await Promise.allSettled(this.waiting);
  }

  private takeLater(hint: Hint, queue: QueueRef, bound: AbortSignal): void {
    const taking = this.take(hint, queue, bound)
      .then((isTaken) => (isTaken ? undefined : this.handBack([hint], queue.provider)))
      .finally(() => this.waiting.delete(taking));
    this.waiting.add(taking);
  }

  /** Whether a hint was taken, or was stale; false when it found no place in time, or its gate has closed. */
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
    if (!this.mayGo.isOpenFor(hint, queue.provider)) {
      both.release();
      return false;
    }
    try {
      const claimed = await this.claims.take(hint, queue.provider);
      if (claimed?.status === 'sending') this.deliveries.start(claimed, queue.provider, both);
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

  private async handBack(hints: readonly Hint[], provider: string): Promise<void> {
    if (hints.length === 0) return;
    // If it fails, upkeep finds them: a hint that nobody took is a lost one.
    await this.handBacks
      .takeBack(provider, hints, this.mayGo.handBackMs(provider))
      .catch((error: unknown) => this.report.handBackFailed(hints.length, error));
  }
}

const NO_SLOT: Slot = { release: () => undefined };

const together = (slot: Slot, endpointSlot: Slot): Slot => ({
  release: () => {
    slot.release();
    endpointSlot.release();
  },
});
