import { Inject, Injectable } from '@nestjs/common';

import type { ChannelName } from '../domain/channel.js';
import { ChannelRegistry } from '../channels/channel.registry.js';
import type { QueueRef } from '../queues/queue-names.js';
import { Queues } from '../queues/queues.js';
import type { Route } from '../outbox/outbox.store.js';

/** Which provider what waits goes to: the channel's first by priority; a pinned row goes to its own. */
@Injectable()
export class ProviderRouter {
  constructor(
    @Inject(ChannelRegistry) private readonly channels: ChannelRegistry,
    @Inject(Queues) private readonly queues: Queues,
  ) {}

  /** All routes in the order they are served: transactional before bulk. */
  routes(): Route[] {
    return [...this.queues.refs].sort(byLane).map((ref) => ({
      channel: ref.channel,
      lane: ref.lane,
      provider: ref.provider,
      takesUnpinned: ref.provider === this.firstOf(ref.channel),
      queue: ref.name,
      perEndpointConcurrency: this.channels.provider(ref.provider).perEndpointConcurrency,
    }));
  }

  private firstOf(channel: ChannelName): string | undefined {
    return this.channels.providersOf(channel)[0]?.name;
  }
}

const byLane = (a: QueueRef, b: QueueRef): number => Number(a.lane === 'bulk') - Number(b.lane === 'bulk');
