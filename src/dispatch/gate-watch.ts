import { Inject, Injectable } from '@nestjs/common';

import type { GateKind } from '../domain/gate.js';
import { GatesStore } from '../gates/gates.store.js';
import { type HeldGates, NO_GATES } from '../gates/held-gates.js';
import { Log } from '../platform/logging/log.js';

/** Hints that are out when a gate closes are handed back within this time; none is called for after it. */
const LOOK_EVERY_MS = 500;

/** The gates as this worker last saw them. While PostgreSQL does not answer, the last look stands. */
@Injectable()
export class GateWatch {
  private gates: HeldGates = NO_GATES;
  private types: readonly string[] = [];
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();
  private hasFailed = false;

  constructor(
    @Inject(GatesStore) private readonly store: GatesStore,
    @Inject(Log) private readonly log: Log,
  ) {}

  async start(): Promise<void> {
    await this.look();
    this.timer = setInterval(() => (this.looking = this.look()), LOOK_EVERY_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.looking;
  }

  isProviderHeld(provider: string): boolean {
    return this.gates.isHeld('provider', provider);
  }

  isEndpointHeld(endpointId: string): boolean {
    return this.gates.isHeld('endpoint', endpointId);
  }

  /** Types that an operator has paused. */
  get pausedTypes(): readonly string[] {
    return this.types;
  }

  /** Whether any gate is open for one call at a time. */
  get hasProbed(): boolean {
    return this.gates.hasProbed;
  }

  isProbed(kind: GateKind, key: string): boolean {
    return this.gates.isProbed(kind, key);
  }

  /** Looks now: a hold has just been taken here. */
  async look(): Promise<void> {
    try {
      this.gates = await this.store.held();
      this.types = this.gates.keysOf('type');
      this.hasFailed = false;
    } catch (error) {
      if (!this.hasFailed) this.log.warn('gates.not_read', { err: error });
      this.hasFailed = true;
    }
  }
}
