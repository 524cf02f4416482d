import { Inject, Injectable } from '@nestjs/common';

import { ChannelRegistry } from '../channels/channel.registry.js';
import type { Provider } from '../channels/channel.js';
import { EndpointDirectory } from '../endpoints/endpoint-directory.service.js';
import { Config } from '../platform/config/config.js';
import { BulkShare } from './bulk-share.js';
import { EndpointSlots } from './endpoint-slots.js';
import { Places } from './places.js';
import { Slots } from './slots.js';

/** One provider as this process works with it: the connection and the places in front of it. */
export interface Desk {
  provider: Provider;
  places: Places;
}

/** The providers this process calls, opened when the worker starts. */
@Injectable()
export class ProviderDesks {
  private readonly desks = new Map<string, Desk>();
  private readonly slots: Slots[] = [];

  constructor(
    @Inject(ChannelRegistry) private readonly channels: ChannelRegistry,
    @Inject(Config) private readonly config: Config,
    @Inject(EndpointDirectory) private readonly directory: EndpointDirectory,
    @Inject(BulkShare) private readonly bulk: BulkShare,
  ) {}

  open(): void {
    const { lanes } = this.config.file;
    const most = lanes.bulk.concurrency ?? Infinity;
    for (const config of this.channels.providers) {
      const slots = new Slots(config.concurrency, (places) => Math.min(most, this.bulk.of(places)));
      const endpoints = new EndpointSlots(config.perEndpointConcurrency, this.directory);
      this.slots.push(slots);
      this.desks.set(config.name, {
        provider: this.channels.create(config),
        places: new Places(slots, endpoints, this.bulk),
      });
    }
    this.bulk.start(() => this.slots.forEach((slots) => slots.serve()));
  }

  of(provider: string): Desk {
    return this.desks.get(provider)!;
  }

  async close(): Promise<void> {
    this.bulk.stop();
    await Promise.allSettled([...this.desks.values()].map((desk) => desk.provider.close()));
  }
}
