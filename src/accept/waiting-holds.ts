import { Inject, Injectable } from '@nestjs/common';

import { AllowancesStore } from '../allowances/allowances.store.js';
import { allowanceOf, type ProviderTerms } from '../allowances/provider-allowance.js';
import { ChannelRegistry } from '../channels/channel.registry.js';
import type { ChannelName, Lane } from '../domain/channel.js';
import type { Hold } from '../domain/gate.js';
import { tokensIn, untilTokenMs } from '../domain/token-bucket.js';
import { GatesStore } from '../gates/gates.store.js';
import type { HeldGates } from '../gates/held-gates.js';
import type { ProviderConfig } from '../platform/config/posthaste-file.js';
import type { Shortage, Waiting } from '../notifications/story.js';
import { shortageOf } from './shortage.js';

/** Why something that is due does not go: nobody to give it to, a gate that is held, or what may be given being used up. */
export interface Obstacle {
  /** The configuration has no provider that it may go to. */
  isUnserved: boolean;
  hold: Hold | undefined;
  shortage: Shortage | undefined;
}

const NOTHING: Obstacle = { isUnserved: false, hold: undefined, shortage: undefined };

/** What keeps a waiting notification from going out. */
@Injectable()
export class WaitingHolds {
  constructor(
    @Inject(GatesStore) private readonly gates: GatesStore,
    @Inject(ChannelRegistry) private readonly channels: ChannelRegistry,
    @Inject(AllowancesStore) private readonly allowances: AllowancesStore,
  ) {}

  /**
   * Its type's pause; else its endpoint's hold; else that of the providers it could go to, when all are held: the first to be let go; else that of
   * their queues, when all are paused. With one of them open, the shortage of whoever would take it.
   */
  async on(
    { channel, lane, type }: { channel: ChannelName; lane: Lane; type: string },
    waiting: Waiting,
  ): Promise<Obstacle> {
    const gates = await this.gates.held();
    const ofType = gates.of('type', type);
    if (ofType) return { ...NOTHING, hold: ofType };
    const ofEndpoint = waiting.endpointId === null ? undefined : gates.of('endpoint', waiting.endpointId);
    if (ofEndpoint) return { ...NOTHING, hold: ofEndpoint };
    const providers = this.providersFor(channel, waiting);
    if (providers.length === 0) return { ...NOTHING, isUnserved: true };
    const takers = takersAmong(providers, gates);
    if (takers.length === 0) return { ...NOTHING, hold: soonest(providers, gates) };
    const pauses = takers.map(({ name }) => gates.of('queue', `${name}.${lane}`));
    const open = takers.filter((_, i) => pauses[i] === undefined);
    if (open.length === 0) return { ...NOTHING, hold: pauses[0] };
    if (!waiting.isDue || waiting.publishedAt !== null) return NOTHING;
    return { ...NOTHING, shortage: await this.shortage(open, waiting) };
  }

  private async shortage(
    takers: readonly (ProviderTerms & { perEndpointConcurrency: number })[],
    waiting: Waiting,
  ): Promise<Shortage | undefined> {
    const standings = await this.allowances.standings(takers.map(({ name }) => name));
    const found = takers.map((terms) => {
      const standing = standings.get(terms.name)!;
      return shortageOf(terms.name, allowanceOf(terms, standing), waiting.isRetry, standing.nowMs);
    });
    if (found.includes(undefined)) {
      const { nowMs } = [...standings.values()][0]!;
      return (await this.shortageOfEndpoint(waiting, nowMs)) ?? fullEndpoint(waiting, takers);
    }
    return (found as Shortage[]).sort((a, b) => (a.at?.getTime() ?? 0) - (b.at?.getTime() ?? 0))[0];
  }

  private async shortageOfEndpoint({ endpointId }: Waiting, nowMs: number): Promise<Shortage | undefined> {
    const rate =
      endpointId === null ? undefined : (await this.allowances.endpointRates([endpointId])).get(endpointId);
    if (!rate) return undefined;
    const tokens = tokensIn(rate.level, rate.ratePerSecond);
    if (tokens >= 1) return undefined;
    return {
      waitingFor: 'rate_limit',
      at: new Date(nowMs + untilTokenMs(tokens, rate.ratePerSecond)),
      reason: `Its endpoint takes ${rate.ratePerSecond}/s, and that is used up for the moment.`,
    };
  }

  private providersFor(channel: ChannelName, { pinnedProvider }: Waiting): ProviderConfig[] {
    return this.channels
      .providersOf(channel)
      .filter(({ name }) => pinnedProvider === null || pinnedProvider === name);
  }
}

/** An endpoint that is not called more often at once: as many hints as its window has at least are out. */
function fullEndpoint(
  { endpointOut, endpointConcurrency }: Waiting,
  takers: readonly { perEndpointConcurrency: number }[],
): Shortage | undefined {
  const cap =
    endpointConcurrency ?? Math.max(...takers.map(({ perEndpointConcurrency }) => perEndpointConcurrency));
  if (endpointOut < 2 * cap) return undefined;
  return {
    waitingFor: 'endpoint',
    reason: `${endpointOut} before it are out to its endpoint, which each worker calls ${cap} at a time; it goes as they are answered.`,
  };
}

/** Those of the first priority whose gate is open. */
function takersAmong(providers: readonly ProviderConfig[], gates: HeldGates): ProviderConfig[] {
  const open = providers.filter(({ name }) => !gates.isHeld('provider', name));
  return open.filter(({ priority }) => priority === open[0]!.priority);
}

/** The hold of these providers that ends first. */
const soonest = (providers: readonly ProviderConfig[], gates: HeldGates): Hold | undefined =>
  providers
    .map(({ name }) => gates.of('provider', name)!)
    .sort((a, b) => (a.until?.getTime() ?? Infinity) - (b.until?.getTime() ?? Infinity))[0];
