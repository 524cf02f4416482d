import { Inject, Injectable } from '@nestjs/common';

import { AllowancesStore, turnOf } from '../allowances/allowances.store.js';
import { OutboxStore } from '../outbox/outbox.store.js';

/** A hint that nobody took. */
export interface Untaken {
  id: string;
  dispatch: number;
  /** Of a webhook. */
  endpointId?: string | null | undefined;
}

/**
 * Puts back into the outbox what nobody took, with what its publication has spent. In the turn of those who spend: they write
 * what is left in a bucket, and would write over what is given back between their look and their commit. Of this process one
 * at a time asks for a turn: when a gate closes, many chunks come back at once, and each would wait with a connection in hand.
 */
@Injectable()
export class HandBacks {
  /** By turn: the last that asked for it. Never rejects. */
  private readonly last = new Map<string, Promise<unknown>>();

  constructor(
    @Inject(AllowancesStore) private readonly allowances: AllowancesStore,
    @Inject(OutboxStore) private readonly outbox: OutboxStore,
  ) {}

  /** How many were still out. `delayMs`: they are not published again before then. */
  takeBack(provider: string, hints: readonly Untaken[], delayMs: number): Promise<number> {
    const isOfWebhooks = hints.some(({ endpointId }) => (endpointId ?? null) !== null);
    const turn = turnOf(isOfWebhooks ? 'webhook' : undefined, provider);
    const takenBack = (this.last.get(turn) ?? Promise.resolve()).then(() =>
      this.allowances.inTurn(turn, (tx) => this.outbox.takeBack(provider, hints, delayMs, tx)),
    );
    this.last.set(
      turn,
      takenBack.catch(() => undefined),
    );
    return takenBack;
  }
}
