import { Inject, Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';

import { AllowancesStore, type EndpointRate, turnOf } from '../allowances/allowances.store.js';
import { allowanceOf, type ProviderAllowance } from '../allowances/provider-allowance.js';
import { ChannelRegistry } from '../channels/channel.registry.js';
import { tokensIn } from '../domain/token-bucket.js';
import { type EndpointRoom, OutboxStore, type Published } from '../outbox/outbox.store.js';
import { dealOut, roomForRetries } from './fair-share.js';
import type { Order } from './order.js';
import { Trials } from './trials.service.js';

/**
 * Marks rows as published.
 *
 * What counts against a rate, a ramp or a retry budget is marked in a short transaction, one relay at a time, that looks
 * first: two relays cannot both spend the last of it. So is the one call that tries a gate, which none of them holds back.
 */
@Injectable()
export class Marks {
  constructor(
    @Inject(OutboxStore) private readonly outbox: OutboxStore,
    @Inject(AllowancesStore) private readonly allowances: AllowancesStore,
    @Inject(ChannelRegistry) private readonly channels: ChannelRegistry,
    @Inject(Trials) private readonly trials: Trials,
  ) {}

  /** The rows that were marked; their hints do not exist yet. */
  mark(order: Order): Promise<Published[]> {
    const { due, route, most, rooms, isMetered } = order;
    const turn = turnOf(route.channel, route.provider);
    if (route.isProbe || due.isProbe) return this.allowances.inTurn(turn, (tx) => this.markProbe(order, tx));
    if (!due.group.isRetry && !isMetered) return this.take(order, most, rooms);
    return this.allowances.inTurn(turn, (tx) => this.markWithin(order, tx));
  }

  /** Another relay may have let one out since this one looked. */
  private async markProbe(order: Order, tx: PoolClient): Promise<Published[]> {
    const { most, rooms } = await this.trials.roomFor(order, tx);
    return most < 1 ? [] : this.take(order, most, rooms, tx);
  }

  private async markWithin(order: Order, tx: PoolClient): Promise<Published[]> {
    const { due, route } = order;
    const standing = (await this.allowances.standings([route.provider], tx)).get(route.provider)!;
    const allowance = allowanceOf(this.channels.provider(route.provider), standing);
    const budget = due.group.isRetry ? allowance.retries.left : Infinity;
    const most = Math.min(order.most, Math.floor(allowance.tokens), budget);
    if (most < 1) return [];
    const ids = order.rooms.map(({ endpointId }) => endpointId);
    const rates = ids.length > 0 ? await this.allowances.endpointRates(ids, tx) : NO_RATES;
    const rooms = await this.roomsWithin(order, rates, allowance, tx);
    const hints = await this.take(order, most, rooms, tx);
    await this.allowances.spend(tx, levelsAfter(hints, route.provider, allowance, rates), standing.nowMs);
    return hints;
  }

  private async roomsWithin(
    { due, rooms }: Order,
    rates: ReadonlyMap<string, EndpointRate>,
    { retries }: ProviderAllowance,
    tx: PoolClient,
  ): Promise<EndpointRoom[]> {
    const rated = rooms.map(({ endpointId, room }) => {
      const rate = rates.get(endpointId);
      return { endpointId, room: rate ? Math.min(room, wholeTokens(rate)) : room };
    });
    if (!due.group.isRetry || rooms.length === 0) return rated;
    const used = await this.allowances.endpointRetries(
      tx,
      rated.map(({ endpointId }) => endpointId),
    );
    return rated.map(({ endpointId, room }) => ({
      endpointId,
      room: Math.min(room, roomForRetries(retries.left, used.get(endpointId) ?? 0)),
    }));
  }

  private async take(
    { due, route }: Order,
    most: number,
    rooms: readonly EndpointRoom[],
    tx?: PoolClient,
  ): Promise<Published[]> {
    if (route.channel !== 'webhook') return this.outbox.publishDue(due.group, route, most, tx);
    const shares = dealOut(rooms, most);
    return shares.length === 0 ? [] : this.outbox.publishDueOfEndpoints(due.group, route, shares, tx);
  }
}

const NO_RATES: ReadonlyMap<string, EndpointRate> = new Map();

const wholeTokens = ({ level, ratePerSecond }: EndpointRate): number =>
  Math.floor(tokensIn(level, ratePerSecond));

/** The buckets that these hints were taken from. */
function levelsAfter(
  hints: readonly Published[],
  provider: string,
  allowance: ProviderAllowance,
  rates: ReadonlyMap<string, EndpointRate>,
): { kind: 'provider' | 'endpoint'; key: string; tokens: number }[] {
  if (hints.length === 0) return [];
  const spent = new Map<string, number>();
  for (const { endpointId } of hints) {
    if (endpointId !== null) spent.set(endpointId, (spent.get(endpointId) ?? 0) + 1);
  }
  const ofEndpoints = [...rates]
    .filter(([id]) => spent.has(id))
    .map(([key, { level, ratePerSecond }]) => ({
      kind: 'endpoint' as const,
      key,
      tokens: tokensIn(level, ratePerSecond) - spent.get(key)!,
    }));
  return allowance.ratePerSecond === undefined
    ? ofEndpoints
    : [{ kind: 'provider', key: provider, tokens: allowance.tokens - hints.length }, ...ofEndpoints];
}
