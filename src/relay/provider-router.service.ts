import { Inject, Injectable } from '@nestjs/common';

import type { HeldGates } from '../gates/held-gates.js';
import { ChannelRegistry } from '../channels/channel.registry.js';
import type { QueueRef } from '../queues/queue-names.js';
import { Queues } from '../queues/queues.js';
import type { Route } from '../outbox/outbox.store.js';

/**
 * Which provider what waits goes to: the first of its channel, by priority, whose gate is open. A pinned row goes to its own
 * or waits. A provider that is held gets nothing at all.
 */
@Injectable()
export class ProviderRouter {
  constructor(
    @Inject(ChannelRegistry) private readonly channels: ChannelRegistry,
    @Inject(Queues) private readonly queues: Queues,
  ) {}

  /** The open routes in the order they are served: transactional before bulk. */
  routes(gates: HeldGates): Route[] {
    const open = this.queues.refs.filter(
      (ref) => !gates.isHeld('provider', ref.provider) && !gates.isHeld('queue', ref.name),
    );
    return open.sort(byLane).map((ref) => ({
      channel: ref.channel,
      lane: ref.lane,
      provider: ref.provider,
      takesUnpinned: this.takesUnpinned(ref, gates),
      isProbe: gates.isProbed('provider', ref.provider),
      queue: ref.name,
      perEndpointConcurrency: this.channels.provider(ref.provider).perEndpointConcurrency,
    }));
  }

  /** When nobody before it, by priority, is open: one that is only being tried does not keep the next from working. */
  private takesUnpinned(ref: QueueRef, gates: HeldGates): boolean {
    const names = this.channels.providersOf(ref.channel).map(({ name }) => name);
    const before = names.slice(0, names.indexOf(ref.provider));
    return before.every((name) => gates.isHeld('provider', name) || gates.isProbed('provider', name));
  }
}

const byLane = (a: QueueRef, b: QueueRef): number => Number(a.lane === 'bulk') - Number(b.lane === 'bulk');
