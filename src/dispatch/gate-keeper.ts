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

/** Of nearly every call: it was taken, and no gate is being tried. */
const NOTHING_TO_SAY = Promise.resolve(true);

/** Closes gates by what providers answer: a 429 and a fault of our configuration are true of all that waits behind them. */
@Injectable()
export class GateKeeper {
  constructor(
    @Inject(ChannelRegistry) private readonly channels: ChannelRegistry,
    @Inject(GatesStore) private readonly gates: GatesStore,
    @Inject(GateWatch) private readonly watch: GateWatch,
    @Inject(Log) private readonly log: Log,
  ) {}

  /**
   * Whether what the outcome says of gates is written; false when PostgreSQL is away. Never throws: a gate that could not be
   * closed costs a few more refusals.
   */
  observe(outcome: Outcome, provider: string, endpointId: string | null): Promise<boolean> {
    if (outcome.kind === 'taken' && !this.watch.hasProbed) return NOTHING_TO_SAY;
    return this.write(outcome, provider, endpointId);
  }

  private async write(outcome: Outcome, provider: string, endpointId: string | null): Promise<boolean> {
    const isOpened = await this.openProbed(gatesAnswered(outcome, provider, endpointId));
    const isHeld = outcome.kind === 'taken' || (await this.hold(outcome, provider, endpointId));
    return isOpened && isHeld;
  }

  private async hold(outcome: Failed, provider: string, endpointId: string | null): Promise<boolean> {
    const gate = gateOf(outcome, provider, endpointId);
    const hold = gate && (holdFor(outcome) ?? this.holdAgain(gate, provider));
    if (!hold || !gate) return true;
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
      return true;
    } catch (error) {
      this.log.warn('gate.not_held', { kind: gate.kind, key: gate.key, err: error });
      return false;
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

  /** The one call that was let through was answered by who is behind the gate: it is open for all. */
  private async openProbed(answered: readonly Gate[]): Promise<boolean> {
    const probed = answered.filter(({ kind, key }) => this.watch.isProbed(kind, key));
    try {
      for (const { kind, key } of probed)
        await this.open(kind, key, [kind === 'provider' ? 'breaker' : 'endpoint', 'configuration']);
      return true;
    } catch (error) {
      this.log.warn('gate.not_opened', { keys: probed.map(({ key }) => key), err: error });
      return false;
    }
  }

  private async open(kind: GateKind, key: string, holders: readonly GateHolder[]): Promise<void> {
    for (const by of holders) {
      if (await this.gates.releaseOver(kind, key, by))
        this.log.info('gate.opened', { kind, key, held_by: by });
    }
    await this.watch.look();
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

/**
 * Who has answered as one that is well: when it was taken, and when only this one message was refused, for the next may be
 * taken. What was never sent, and what got no answer, proves nothing.
 */
function gatesAnswered(outcome: Outcome, provider: string, endpointId: string | null): Gate[] {
  const isRefusal = outcome.kind === 'deferred' || outcome.kind === 'rejected';
  if (outcome.kind !== 'taken' && !(isRefusal && outcome.scope === 'message')) return [];
  const ofEndpoint = endpointId === null ? [] : [{ kind: 'endpoint' as const, key: endpointId }];
  return [{ kind: 'provider', key: provider }, ...ofEndpoint];
}

/** Whom the failure speaks about; nobody when it speaks about the message alone. */
function gateOf(outcome: Failed, provider: string, endpointId: string | null): Gate | undefined {
  if (outcome.scope === 'provider') return { kind: 'provider', key: provider };
  return outcome.scope !== 'message' && endpointId !== null
    ? { kind: 'endpoint', key: endpointId }
    : undefined;
}

const clamp = (ms: number): number => Math.min(THROTTLED_MOST_MS, Math.max(THROTTLED_LEAST_MS, ms));
