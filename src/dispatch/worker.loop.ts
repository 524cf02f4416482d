import { Injectable } from '@nestjs/common';

import type { DeliveryProcessor } from './delivery.processor.js';
import type { DeliveryService } from './delivery.service.js';
import type { DispatchService } from './dispatch.service.js';
import type { GateWatch } from './gate-watch.js';
import type { Outcomes } from './outcomes.js';
import type { ProviderDesks } from './provider-desks.js';

/** Of the 25 s until the process must be gone: calls may end by themselves this long, then they are cut. */
const CALLS_MAY_END_MS = 18_000;
/** And this long for their outcomes to be recorded. */
const RECORDS_MAY_END_MS = 4_000;

/** Starts and stops this process's deliveries, in the one order that loses nothing. */
@Injectable()
export class WorkerLoop {
  constructor(
    private readonly processors: readonly DeliveryProcessor[],
    private readonly desks: ProviderDesks,
    private readonly dispatch: DispatchService,
    private readonly deliveries: DeliveryService,
    private readonly outcomes: Outcomes,
    private readonly gates: GateWatch,
  ) {}

  async start(): Promise<void> {
    await this.gates.start();
    this.desks.open();
    this.processors.forEach((processor) => processor.start());
  }

  /** No new jobs; calls under way end or are cut; outcomes are recorded; connections close. */
  async stop(): Promise<void> {
    await within(1_000, Promise.allSettled(this.processors.map((processor) => processor.pause())));
    const drained = this.dispatch.stop().then(() => this.deliveries.drain());
    if (!(await within(CALLS_MAY_END_MS, drained))) {
      this.deliveries.cutShort();
      if (!(await within(RECORDS_MAY_END_MS, drained))) this.outcomes.giveUp();
    }
    await Promise.all([this.gates.stop(), this.desks.close()]);
  }
}

/** Whether it ended in time. */
async function within(ms: number, promise: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
