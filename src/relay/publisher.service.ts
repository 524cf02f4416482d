import { crashPoint } from '#crash-point';
import { Inject, Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';

import { AllowancesStore, type EndpointRate } from '../allowances/allowances.store.js';
import { allowanceOf, type ProviderAllowance } from '../allowances/provider-allowance.js';
import { ChannelRegistry } from '../channels/channel.registry.js';
import { tokensIn } from '../domain/token-bucket.js';
import { type EndpointRoom, OutboxStore, type Published, type Route } from '../outbox/outbox.store.js';
import { Log } from '../platform/logging/log.js';
import { Gauges } from '../platform/metrics/gauges.js';
import { occasionally } from '../queues/queue-connections.js';
import { Queues } from '../queues/queues.js';
import { intoChunks } from './chunks.js';
import type { DueGroup } from './due.js';
import { dealOut, interleave, roomForRetries } from './fair-share.js';

/** What is to be published, as the pass sees it. */
export interface Order {
  due: DueGroup;
  route: Route;
  most: number;
  /** Of webhooks: each endpoint's own room. */
  rooms: readonly EndpointRoom[];
  /** Its provider or one of its endpoints has a rate, or recovers. */
  isMetered: boolean;
  /** Types that an operator has paused. */
  pausedTypes: readonly string[];
}

/** Looks at what is due for what is of a paused type, before one publication: behind a thousand of it may be a thousand more. */
const PARKING_LOOKS = 10;

/**
 * Marks rows and publishes their hints: mark and commit, then the queue, with no transaction open.
 *
 * What counts against a rate, a ramp or a retry budget is marked in a short transaction, one relay at a time, that looks
 * first: two relays cannot both spend the last of it. A probe is never held back by any of them.
 */
@Injectable()
export class Publisher {
  private readonly complain: ReturnType<typeof occasionally>;

  constructor(
    @Inject(OutboxStore) private readonly outbox: OutboxStore,
    @Inject(Queues) private readonly queues: Queues,
    @Inject(AllowancesStore) private readonly allowances: AllowancesStore,
    @Inject(ChannelRegistry) private readonly channels: ChannelRegistry,
    @Inject(Gauges) private readonly gauges: Gauges,
    @Inject(Log) log: Log,
  ) {
    this.complain = occasionally(log, 'relay.publish_failed');
  }

  /** The hints that went out. Throws QueueUnavailable when the queue took none; then all are back in the outbox. */
  async publish(order: Order): Promise<Published[]> {
    const { route } = order;
    await this.park(order);
    const hints = interleave(await this.mark(order));
    if (hints.length === 0) return hints;
    crashPoint('after_mark_before_publish');
    try {
      await this.queues.publish(route.queue, intoChunks(hints));
      crashPoint('after_publish');
    } catch (error) {
      await this.takeBack(route, hints, error);
      throw new QueueUnavailable(route.queue, error);
    }
    this.gauges.published.inc({ queue: route.queue }, hints.length);
    return hints;
  }

  /** What is of a paused type is out of the way before anything is spent on it. Costs nothing while no type is paused. */
  private async park({ due, pausedTypes, rooms }: Order): Promise<void> {
    if (pausedTypes.length === 0) return;
    const endpointIds = rooms.map(({ endpointId }) => endpointId);
    for (let look = 0; look < PARKING_LOOKS; look++) {
      if ((await this.outbox.parkDue(due.group, pausedTypes, endpointIds)) === 0) return;
    }
  }

  private mark(order: Order): Promise<Published[]> {
    const { due, route, most, rooms, isMetered } = order;
    const isExempt = route.isProbe || due.isProbe;
    if (isExempt || (!due.group.isRetry && !isMetered)) return this.take(order, most, rooms);
    // Endpoints' buckets are shared by all providers of webhooks.
    const turn = route.channel === 'webhook' ? 'webhook' : route.provider;
    return this.allowances.inTurn(turn, (tx) => this.markWithin(order, tx));
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

  /** Whether or not some hints got in: their numbers are spent, so taking the marks back cannot send anything twice. */
  private async takeBack(route: Route, hints: readonly Published[], cause: unknown): Promise<void> {
    this.complain(cause, { queue: route.queue, hints: hints.length });
    await this.outbox.takeBack(route.provider, hints, 0);
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

/** The queue did not take hints; they are back in the outbox. */
export class QueueUnavailable extends Error {
  constructor(queue: string, cause: unknown) {
    super(`The queue ${queue} could not be published to.`, { cause });
    this.name = 'QueueUnavailable';
  }
}
