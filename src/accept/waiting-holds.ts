import { Inject, Injectable } from '@nestjs/common';

import { ChannelRegistry } from '../channels/channel.registry.js';
import type { ChannelName, Lane } from '../domain/channel.js';
import type { Hold } from '../domain/gate.js';
import { GatesStore } from '../gates/gates.store.js';
import type { Waiting } from '../notifications/story.js';

/** What keeps a waiting notification from going out. */
@Injectable()
export class WaitingHolds {
  constructor(
    @Inject(GatesStore) private readonly gates: GatesStore,
    @Inject(ChannelRegistry) private readonly channels: ChannelRegistry,
  ) {}

  /** Its endpoint's hold; else that of the providers it could go to, when all are held: the first to be let go; else its queue's. */
  async on(
    { channel, lane }: { channel: ChannelName; lane: Lane },
    waiting: Waiting,
  ): Promise<Hold | undefined> {
    const gates = await this.gates.held();
    const ofEndpoint = waiting.endpointId === null ? undefined : gates.of('endpoint', waiting.endpointId);
    if (ofEndpoint) return ofEndpoint;
    const names = this.providersFor(channel, waiting);
    const open = names.find((name) => !gates.isHeld('provider', name));
    if (open !== undefined) return gates.of('queue', `${open}.${lane}`);
    return names.map((name) => gates.of('provider', name)!).sort(bySoonest)[0];
  }

  private providersFor(channel: ChannelName, { pinnedProvider }: Waiting): string[] {
    return pinnedProvider === null
      ? this.channels.providersOf(channel).map(({ name }) => name)
      : [pinnedProvider];
  }
}

const bySoonest = (a: Hold, b: Hold): number =>
  (a.until?.getTime() ?? Infinity) - (b.until?.getTime() ?? Infinity);
