import type { ChannelName } from '../domain/channel.js';
import type { ProviderConfig } from '../platform/config/posthaste-file.js';
import type { Channel, Provider } from './channel.js';

/** The channels this service speaks, and the providers its configuration names. */
export class ChannelRegistry {
  private readonly channels: ReadonlyMap<ChannelName, Channel>;

  constructor(
    channels: readonly Channel[],
    /** By priority, 1 first. */
    readonly providers: readonly ProviderConfig[],
  ) {
    this.channels = new Map(channels.map((channel) => [channel.name, channel]));
  }

  channel(name: ChannelName): Channel {
    return this.channels.get(name)!;
  }

  providersOf(channel: ChannelName): ProviderConfig[] {
    return this.providers.filter((provider) => provider.channel === channel).sort((a, b) => a.priority - b.priority);
  }

  /** Opens a provider's connections-to-be. Only workers do. */
  create(config: ProviderConfig): Provider {
    const kind = this.channel(config.channel).kinds.find((one) => one.kind === config.kind);
    if (!kind) throw new Error(`There is no provider kind ${config.kind} for ${config.channel}.`);
    return kind.create(config);
  }
}
