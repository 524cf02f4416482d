import { Inject, Injectable } from '@nestjs/common';

import { AllowancesStore } from '../allowances/allowances.store.js';
import { type Lane, LANES } from '../domain/channel.js';
import { GatesStore } from '../gates/gates.store.js';
import { OutboxStore, type Published, type Route } from '../outbox/outbox.store.js';
import { Gauges } from '../platform/metrics/gauges.js';
import { type DueGroup, Surveyor } from './due.js';
import { isCutShort } from './fair-share.js';
import { Pass } from './pass.js';
import { ProviderRouter } from './provider-router.service.js';
import { Publisher } from './publisher.service.js';
import { NONE, type Ration, Rations } from './rations.js';
import { WeightedTurns } from './weighted-turns.js';
import { Windows } from './windows.js';

/**
 * Moves what is due from the outbox into queues: mark and commit, then publish. Several relays may run.
 *
 * Promises: a row is marked before its hint exists, so a crash in between costs a delay (upkeep finds it), never a
 * notification; a hint published twice is stale the second time. Leaves waking and waiting to RelayLoop.
 */
@Injectable()
export class RelayService {
  private readonly windows = new Windows();
  private readonly turns = new WeightedTurns();
  private readonly surveyor: Surveyor;
  /** Passes that serve bulk at this moment. */
  private atBulk = 0;

  constructor(
    @Inject(OutboxStore) outbox: OutboxStore,
    @Inject(AllowancesStore) allowances: AllowancesStore,
    @Inject(ProviderRouter) private readonly router: ProviderRouter,
    @Inject(GatesStore) private readonly gates: GatesStore,
    @Inject(Publisher) private readonly publisher: Publisher,
    @Inject(Gauges) private readonly gauges: Gauges,
  ) {
    this.surveyor = new Surveyor(outbox, allowances, gates, () => router.queueRefs);
  }

  /** A pass has come to bulk: what is transactional and comes now is not seen before the next. */
  get isAtBulk(): boolean {
    return this.atBulk > 0;
  }

  /**
   * Looks at everything that waits, and publishes what is due, has room and is allowed. `lanes`: of these alone; beside another
   * pass this one is as another relay is. `most`: rows that may go.
   */
  async runOnce(lanes: readonly Lane[] = LANES, most = Infinity): Promise<Pass> {
    const done = this.gauges.relayPassSeconds.startTimer();
    try {
      const pass = await this.pass(lanes, most);
      this.gauges.relayPasses.inc({ result: resultOf(pass) });
      return pass;
    } catch (error) {
      this.gauges.relayPasses.inc({ result: 'failed' });
      throw error;
    } finally {
      done();
    }
  }

  private async pass(lanes: readonly Lane[], mostOfAll: number): Promise<Pass> {
    const gates = await this.gates.held(); // before the allowances: the commit that opens a gate begins its ramp
    const routes = this.router.routes(gates).filter(({ lane }) => lanes.includes(lane));
    const survey = await this.surveyor.look(routes, gates, lanes);
    if (survey.due.some(isTransactionalDue)) this.windows.noteTransactional();
    const rations = new Rations(survey, this.windows, (provider) => this.router.terms(provider));
    const pass = new Pass(survey.hasMore, gates.keysOf('type'), mostOfAll);
    for (const due of survey.due) {
      if (pass.left === 0) break;
      if (due.dueMs > 0) pass.waitsFor(due.dueMs);
      else if (due.group.lane === 'bulk') await this.serveBulk(due, rations, pass);
      else await this.serve(due, rations, pass);
    }
    this.report(routes, rations);
    return pass;
  }

  private async serveBulk(due: DueGroup, rations: Rations, pass: Pass): Promise<void> {
    this.atBulk++;
    await this.serve(due, rations, pass).finally(() => this.atBulk--);
  }

  private async serve(due: DueGroup, rations: Rations, pass: Pass): Promise<void> {
    const before = pass.published;
    const [probes, open] = [
      due.takers.filter((one) => one.isProbe),
      due.takers.filter((one) => !one.isProbe),
    ];
    for (const route of probes) await this.give(due, route, rations.of(route, due), rations, pass);
    if (open.length > 1) await this.share(due, open, rations, pass);
    else for (const route of open) await this.giveAll(due, route, rations, pass);
    if (pass.published === before) pass.hadNothing();
  }

  /** By weight, in turns. The turn of one that is full is waited for, unless it is behind anyway or its rate is used up. */
  private async share(due: DueGroup, routes: readonly Route[], rations: Rations, pass: Pass): Promise<void> {
    this.turns.among(routes);
    let open = [...routes];
    while (open.length > 0) {
      const route = this.turns.next(open);
      const ration = rations.of(route, due);
      const { most, isFull } = ration;
      const size = Math.min(most, this.turns.sizeOf(route, routes));
      const hints = await this.give(due, route, { ...ration, most: size }, rations, pass);
      this.turns.note(route, hints.length);
      const isPassedOver = most === 0 && (!isFull || rations.isBehind(route));
      if (isPassedOver) open = open.filter((one) => one !== route);
      else if (hints.length < size || size === 0) return;
    }
  }

  /** As much as may go, and what more would find. */
  private async giveAll(due: DueGroup, route: Route, rations: Rations, pass: Pass): Promise<void> {
    const ration = rations.of(route, due); // once: chance may decide between a first send and a retry
    const hints = await this.give(due, route, ration, rations, pass);
    if (ration.most > 0 && hints.length === ration.most) pass.endedAt(rations.of(route, due));
  }

  private async give(
    due: DueGroup,
    route: Route,
    ration: Ration,
    rations: Rations,
    pass: Pass,
  ): Promise<Published[]> {
    const most = Math.min(ration.most, pass.left);
    if (most < 1) return pass.hadNone(ration);
    const { rooms, waitMs } =
      route.channel === 'webhook' ? rations.ofEndpoints(route, due) : { rooms: [], waitMs: undefined };
    if (route.channel === 'webhook' && rooms.length === 0) {
      return pass.hadNone({ ...NONE, isFull: waitMs === undefined, waitMs });
    }
    const isMetered = rations.isMetered(route, rooms);
    const { pausedTypes } = pass;
    const order = { due, route, most, rooms, isMetered, pausedTypes };
    const hints = await this.publisher.publish(order).catch(pass.failed);
    rations.note(route, due, hints);
    pass.published += hints.length;
    // What was dealt to one endpoint and not used, another might have had.
    if (hints.length < most && isCutShort(rooms, most, hints)) pass.endedAt({ ...NONE, hasHadItsPart: true });
    return hints;
  }

  /** What is left to providers, as this pass found it. Every relay shows the same: it is counted once for all. */
  private report(routes: readonly Route[], rations: Rations): void {
    for (const provider of new Set(routes.map((route) => route.provider))) {
      const { tokens, retries, ratePerSecond, isRecovering } = rations.allowance(provider);
      this.gauges.retryBudget.set({ provider }, retries.of);
      this.gauges.retryBudgetUsed.set({ provider }, retries.used);
      this.gauges.retryBudgetLeft.set({ provider }, retries.left);
      if (ratePerSecond === undefined) this.gauges.rateTokens.remove({ provider });
      else this.gauges.rateTokens.set({ provider }, tokens);
      this.gauges.rampRate.set({ provider }, isRecovering ? ratePerSecond! : 0);
    }
  }
}

const isTransactionalDue = ({ group, dueMs }: DueGroup): boolean =>
  group.lane === 'transactional' && dueMs <= 0;

/** `failed`: a queue could not be served, whatever else went. */
function resultOf({ failure, published, isFull }: Pass): 'failed' | 'published' | 'full' | 'idle' {
  if (failure !== undefined) return 'failed';
  if (published > 0) return 'published';
  return isFull ? 'full' : 'idle';
}
