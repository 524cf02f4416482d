import { setMaxListeners } from 'node:events';

import { crashPoint } from '#crash-point';
import { Inject, Injectable } from '@nestjs/common';

import type { Claimed } from '../notifications/claimed.js';
import { GateKeeper } from './gate-keeper.js';
import { OutcomeReport } from './outcome-report.js';
import { Outcomes } from './outcomes.js';
import { ProviderDesks } from './provider-desks.js';
import { Sender } from './sender.js';
import type { Slot } from './slots.js';
import { Verdict } from './verdict.js';

/** From the claim to the record: send → verdict → outcome. Knows what is under way in this process. */
@Injectable()
export class DeliveryService {
  /** By attempt: the record of one may still be on its way when the next of the same notification has begun. */
  private readonly underWay = new Map<string, Promise<void>>();
  private readonly cut = new AbortController();

  constructor(
    @Inject(ProviderDesks) private readonly desks: ProviderDesks,
    @Inject(Sender) private readonly sender: Sender,
    @Inject(Verdict) private readonly verdict: Verdict,
    @Inject(Outcomes) private readonly outcomes: Outcomes,
    @Inject(GateKeeper) private readonly gates: GateKeeper,
    @Inject(OutcomeReport) private readonly report: OutcomeReport,
  ) {
    setMaxListeners(0, this.cut.signal); // every call under way listens
  }

  /** Whether this attempt's call or record is under way here. */
  isUnderWay(attempt: { id: string; attempt: number }): boolean {
    return this.underWay.has(keyOf(attempt));
  }

  /** Begins the call; nobody waits for its end but `drain`. */
  start(claimed: Claimed, provider: string, slot: Slot): void {
    const key = keyOf(claimed);
    const delivery = this.deliver(claimed, provider, slot).finally(() => this.underWay.delete(key));
    this.underWay.set(key, delivery);
  }

  /** Resolves when every call has ended and is recorded. */
  async drain(): Promise<void> {
    while (this.underWay.size > 0) await Promise.allSettled(this.underWay.values());
  }

  /** Ends the calls under way: their outcome will be in doubt. */
  cutShort(): void {
    this.cut.abort();
  }

  private async deliver(claimed: Claimed, name: string, slot: Slot): Promise<void> {
    const startedAt = performance.now();
    crashPoint('after_claim_before_send', claimed.type);
    const heldBack = this.verdict.beforeCall(claimed);
    const { outcome, digest } = heldBack
      ? { outcome: heldBack, digest: null }
      : await this.sender.send(claimed, this.desks.of(name).provider, this.cut.signal);
    crashPoint('after_provider_answer_before_outcome', claimed.type);
    const record = this.verdict.on(claimed, outcome, name, performance.now() - startedAt, digest);
    this.report.attempted(claimed, record, name);
    // Before the record: as long as this attempt is open, no relay lets out another call that tries the same gate.
    const isObserved = await this.gates.observe(outcome, name, claimed.endpointId);
    await this.outcomes.record(record, claimed);
    crashPoint('after_outcome_before_job_end', claimed.type);
    if (!isObserved) await this.gates.observe(outcome, name, claimed.endpointId); // PostgreSQL was away, and is back
    slot.release(); // only now: no more than the concurrency can ever be in doubt
  }
}

const keyOf = ({ id, attempt }: { id: string; attempt: number }): string => `${id}:${attempt}`;
