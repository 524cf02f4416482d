import { Inject, Injectable } from '@nestjs/common';

import type { Hint } from '../notifications/claimed.js';
import { Breakers } from './breakers.js';
import { GateWatch } from './gate-watch.js';

/** While only this process has stopped, its hints stay in the outbox this long, for others to take. */
const STOPPED_HERE_MS = 1_000;

/** Asked of every hint before it is claimed: nothing is written for what may not go. */
@Injectable()
export class MayGo {
  constructor(
    @Inject(GateWatch) private readonly gates: GateWatch,
    @Inject(Breakers) private readonly breakers: Breakers,
  ) {}

  /** Whether its provider and its endpoint are open, for everybody and for this process. */
  isOpenFor(hint: Hint, provider: string): boolean {
    if (this.gates.isProviderHeld(provider) || this.breakers.isOpen(provider)) return false;
    return hint.endpointId === undefined || !this.gates.isEndpointHeld(hint.endpointId);
  }

  /**
   * How long what is handed back stays in the outbox. While only this process's breaker is open the gate is not held: a
   * relay would publish it again at once, and it would come back here as fast.
   */
  handBackMs(provider: string): number {
    return this.breakers.isOpen(provider) && !this.gates.isProviderHeld(provider) ? STOPPED_HERE_MS : 0;
  }
}
