import { Inject, Injectable } from '@nestjs/common';

import { ChannelRegistry } from '../channels/channel.registry.js';
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
    @Inject(ChannelRegistry) private readonly channels: ChannelRegistry,
    @Inject(GatesStore) private readonly gates: GatesStore,
    @Inject(GateWatch) private readonly watch: GateWatch,
    @Inject(Log) private readonly log: Log,
  ) {}

  /** Never throws: a gate that could not be closed costs a few more refusals. */
  async observe(outcome: Outcome, provider: string, endpointId: string | null): Promise<void> {
    if (outcome.kind === 'taken') return this.openProbed(provider, endpointId);
    const gate = gateOf(outcome, provider, endpointId);
    const hold = gate && (holdFor(outcome) ?? this.holdAgain(gate, provider));
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

  /** The one call that was let through has failed. */
  private holdAgain({ kind, key }: Gate, provider: string): { by: GateHolder; forMs: number } | undefined {
    if (!this.watch.isProbed(kind, key)) return undefined;
    return {
      by: kind === 'provider' ? 'breaker' : 'endpoint',
      forMs: this.channels.provider(provider).breaker.resetMs,
    };
  }

  /** The one call that was let through has succeeded: the gate is open for all. */
  private async openProbed(provider: string, endpointId: string | null): Promise<void> {
    try {
      if (this.watch.isProbed('provider', provider)) await this.open('provider', provider, 'breaker');
      if (endpointId !== null && this.watch.isProbed('endpoint', endpointId))
        await this.open('endpoint', endpointId, 'endpoint');
    } catch (error) {
      this.log.warn('gate.not_opened', { provider, err: error });
    }
  }

  private async open(kind: GateKind, key: string, by: GateHolder): Promise<void> {
    const isOpened = await this.gates.releaseOver(kind, key, by);
    await this.watch.look();
    if (isOpened) this.log.info('gate.opened', { kind, key, held_by: by });
  }
}

function holdFor(outcome: Failed): { by: GateHolder; forMs: number } | undefined {
  if (outcome.class === 'throttled')
    return { by: 'retry_after', forMs: clamp(outcome.retryAfterMs ?? THROTTLED_MS) };
  if (outcome.class === 'configuration') return { by: 'configuration', forMs: CONFIGURATION_MS };
  return undefined;
}

interface Gate {
  kind: GateKind;
  key: string;
}

/** Whom the failure speaks about; nobody when it speaks about the message alone. */
function gateOf(outcome: Failed, provider: string, endpointId: string | null): Gate | undefined {
  if (outcome.scope === 'provider') return { kind: 'provider', key: provider };
  return outcome.scope !== 'message' && endpointId !== null
    ? { kind: 'endpoint', key: endpointId }
    : undefined;
}

const clamp = (ms: number): number => Math.min(THROTTLED_MOST_MS, Math.max(THROTTLED_LEAST_MS, ms));
