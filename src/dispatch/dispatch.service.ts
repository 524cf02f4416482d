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
    const { places } = this.desks.of(queue.provider);
    await places.learn(hints, queue.lane);
    const refused = await Promise.all(
      hints.map(async (hint) => ((await this.take(hint, queue, bound)) ? undefined : hint)),
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

  /** False when it found no place in time, or its gate has closed. True as well when it waits for its endpoint from now on. */
  private async take(hint: Hint, queue: QueueRef, bound: AbortSignal): Promise<boolean> {
    const { places } = this.desks.of(queue.provider);
    const slot = places.isEndpointFull(hint, queue.lane)
      ? 'second_full'
      : await places.take(hint, queue.lane, bound);
    if (slot !== 'second_full') return slot !== undefined && this.claim(hint, queue, slot);
    this.takeLater(hint as Hint & { endpointId: string }, queue, bound);
    return true;
  }

  private takeLater(hint: Hint & { endpointId: string }, queue: QueueRef, bound: AbortSignal): void {
    const { places } = this.desks.of(queue.provider);
    const taking = places
      .takeAtFullEndpoint(hint, queue.lane, bound)
      .then((slot) => slot !== undefined && this.claim(hint, queue, slot))
      .then((isTaken) => (isTaken ? undefined : this.handBack([hint], queue.provider)))
      .finally(() => this.waiting.delete(taking));
    this.waiting.add(taking);
  }

  /** Whether a hint was taken, or was stale; false when its gate has closed. */
  private async claim(hint: Hint, queue: QueueRef, slot: Slot): Promise<boolean> {
    if (!this.mayGo.isOpenFor(hint, queue.provider)) {
      slot.release();
      return false;
    }
    try {
      const claimed = await this.claims.take(hint, queue);
      if (claimed?.status === 'sending') this.deliveries.start(claimed, queue.provider, slot);
      else {
        slot.release();
        this.report.notSent(claimed, queue.name);
      }
    } catch (error) {
      slot.release();
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
