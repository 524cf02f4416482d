import { Inject, Injectable } from '@nestjs/common';

import type { Hint } from '../notifications/claimed.js';
import { Breakers } from './breakers.js';
import { GateWatch } from './gate-watch.js';

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
}
