import { Inject, Injectable } from '@nestjs/common';

import type { ProviderTerms } from '../allowances/provider-allowance.js';
import type { HeldGates } from '../gates/held-gates.js';
import { ChannelRegistry } from '../channels/channel.registry.js';
import type { QueueRef } from '../queues/queue-names.js';
import { Queues } from '../queues/queues.js';
import type { Route } from '../outbox/outbox.store.js';

/**
 * Which providers what waits goes to: of those of its channel whose gate is open, the ones of the first priority, who share
 * it by their weights. A pinned row goes to its own or waits. A provider that is held gets nothing at all.
 */
@Injectable()
export class ProviderRouter {
  constructor(
    @Inject(ChannelRegistry) private readonly channels: ChannelRegistry,
    @Inject(Queues) private readonly queues: Queues,
  ) {}

  /** The open routes, transactional before bulk. */
  routes(gates: HeldGates): Route[] {
    const open = this.queues.refs.filter(
      (ref) => !gates.isHeld('provider', ref.provider) && !gates.isHeld('queue', ref.name),
    );
    return open.sort(byLane).map((ref) => {
      const provider = this.channels.provider(ref.provider);
      return {
        channel: ref.channel,
        lane: ref.lane,
        provider: ref.provider,
        takesUnpinned: this.takesUnpinned(ref, gates),
        weight: provider.weight,
        isProbe: gates.isProbed('provider', ref.provider),
        queue: ref.name,
        perEndpointConcurrency: provider.perEndpointConcurrency,
      };
    });
  }

  /** Of all routes, also of those that are held. */
  get queueRefs(): readonly QueueRef[] {
    return this.queues.refs;
  }

  /** What the configuration grants a provider. */
  terms(provider: string): ProviderTerms {
    return this.channels.provider(provider);
  }

  /** When nobody of a lower priority is open: one that is only being tried does not keep the next from working. */
  private takesUnpinned(ref: QueueRef, gates: HeldGates): boolean {
    const { priority } = this.channels.provider(ref.provider);
    return this.channels
      .providersOf(ref.channel)
      .filter((other) => other.priority < priority)
      .every(({ name }) => gates.isHeld('provider', name) || gates.isProbed('provider', name));
  }
}

const byLane = (a: QueueRef, b: QueueRef): number => Number(a.lane === 'bulk') - Number(b.lane === 'bulk');
