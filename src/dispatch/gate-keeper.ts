import { Inject, Injectable } from '@nestjs/common';

import type { GateHolder, GateKind } from '../domain/gate.js';
import type { Failed, Outcome } from '../domain/outcome.js';
import { GatesStore } from '../gates/gates.store.js';
import { Log } from '../platform/logging/log.js';
import { GateWatch } from './gate-watch.js';

/** A throttle that names no time, and the least that one may ask for. */
const THROTTLED_MS = 5_000;
const THROTTLED_LEAST_MS = 1_000;
/** Nobody is made to stay away longer by a header: then it is asked again. */
const THROTTLED_MOST_MS = 3_600_000;
/** Credentials do not heal by themselves; one call a minute notices when somebody has mended them. */
const CONFIGURATION_MS = 60_000;

/** Closes gates by what providers answer: a 429 and a fault of our configuration are true of all that waits behind them. */
@Injectable()
export class GateKeeper {
  constructor(
    @Inject(GatesStore) private readonly gates: GatesStore,
    @Inject(GateWatch) private readonly watch: GateWatch,
    @Inject(Log) private readonly log: Log,
  ) {}

  /** Never throws: a gate that could not be closed costs a few more refusals. */
  async observe(outcome: Outcome, provider: string, endpointId: string | null): Promise<void> {
    if (outcome.kind === 'taken') return;
    const hold = holdFor(outcome);
    const gate = gateOf(outcome, provider, endpointId);
    if (!hold || !gate) return;
    try {
      await this.gates.hold(gate.kind, gate.key, hold.by, hold.forMs, outcome.code);
      await this.watch.look();
      this.log.warn('gate.held', {
        kind: gate.kind,
        key: gate.key,
        held_by: hold.by,
        for_ms: hold.forMs,
        code: outcome.code,
      });
    } catch (error) {
      this.log.warn('gate.not_held', { kind: gate.kind, key: gate.key, err: error });
    }
  }
}

function holdFor(outcome: Failed): { by: GateHolder; forMs: number } | undefined {
  if (outcome.class === 'throttled')
    return { by: 'retry_after', forMs: clamp(outcome.retryAfterMs ?? THROTTLED_MS) };
  if (outcome.class === 'configuration') return { by: 'configuration', forMs: CONFIGURATION_MS };
  return undefined;
}

/** Whom the failure speaks about; nobody when it speaks about the message alone. */
function gateOf(
  outcome: Failed,
  provider: string,
  endpointId: string | null,
): { kind: GateKind; key: string } | undefined {
  if (outcome.scope === 'provider') return { kind: 'provider', key: provider };
  return outcome.scope !== 'message' && endpointId !== null
    ? { kind: 'endpoint', key: endpointId }
    : undefined;
}

const clamp = (ms: number): number => Math.min(THROTTLED_MOST_MS, Math.max(THROTTLED_LEAST_MS, ms));
