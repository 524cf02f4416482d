import { Inject, Injectable } from '@nestjs/common';

import { ChannelRegistry } from '../channels/channel.registry.js';
import type { Provider } from '../channels/channel.js';
import { EndpointDirectory } from '../endpoints/endpoint-directory.service.js';
import { Config } from '../platform/config/config.js';
import { EndpointSlots } from './endpoint-slots.js';
import { Slots } from './slots.js';

/** One provider as this process works with it: the connection and the places in front of it. */
export interface Desk {
  provider: Provider;
  slots: Slots;
  endpoints: EndpointSlots;
}

/** The providers this process calls, opened when the worker starts. */
@Injectable()
export class ProviderDesks {
  private readonly desks = new Map<string, Desk>();

  constructor(
    @Inject(ChannelRegistry) private readonly channels: ChannelRegistry,
    @Inject(Config) private readonly config: Config,
    @Inject(EndpointDirectory) private readonly directory: EndpointDirectory,
  ) {}

  open(): void {
    const { lanes } = this.config.file;
    const laneLimits = lanes.bulk.concurrency === undefined ? {} : { bulk: lanes.bulk.concurrency };
    for (const config of this.channels.providers) {
      this.desks.set(config.name, {
        provider: this.channels.create(config),
        slots: new Slots(config.concurrency, laneLimits),
        endpoints: new EndpointSlots(config.perEndpointConcurrency, this.directory),
      });
    }
  }

  of(provider: string): Desk {
    return this.desks.get(provider)!;
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.desks.values()].map((desk) => desk.provider.close()));
  }
}
