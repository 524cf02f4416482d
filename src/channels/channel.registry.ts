import { Ajv } from 'ajv';

import type { ChannelName } from '../domain/channel.js';
import { ConfigError } from '../platform/config/config.js';
import type { ProviderConfig } from '../platform/config/posthaste-file.js';
import type { Channel, Provider, ProviderKind } from './channel.js';

/** The channels this service speaks, and the providers its configuration names. */
export class ChannelRegistry {
  private readonly channels: ReadonlyMap<ChannelName, Channel>;
  private readonly byName: ReadonlyMap<string, ProviderConfig>;

  /** Throws ConfigError with every provider whose kind or options are wrong. */
  constructor(
    channels: readonly Channel[],
    readonly providers: readonly ProviderConfig[],
  ) {
    this.channels = new Map(channels.map((channel) => [channel.name, channel]));
    this.byName = new Map(providers.map((provider) => [provider.name, provider]));
    const faults = providers.flatMap((provider) => this.faultsOf(provider));
    if (faults.length > 0) throw new ConfigError(faults);
  }

  channel(name: ChannelName): Channel {
    return this.channels.get(name)!;
  }

  providersOf(channel: ChannelName): ProviderConfig[] {
    return this.providers
      .filter((provider) => provider.channel === channel)
      .sort((a, b) => a.priority - b.priority);
  }

  provider(name: string): ProviderConfig {
    return this.byName.get(name)!;
  }

  /** How far a provider can be trusted with a doubt; of one that is gone from the configuration: not at all. */
  doubtTraits(name: string): { keyLifeMs: number; canBeAsked: boolean } {
    const config = this.provider(name) as ProviderConfig | undefined;
    const kind = config && this.kindOf(config);
    return { keyLifeMs: kind?.keyLifeMs(config!) ?? 0, canBeAsked: kind?.canBeAsked ?? false };
  }

  senderOf(name: string): string {
    const config = this.provider(name);
    return this.kindOf(config)!.senderOf(config);
  }

  /** Opens a provider's connections-to-be. */
  create(config: ProviderConfig): Provider {
    return this.kindOf(config)!.create(config);
  }

  private faultsOf(config: ProviderConfig): string[] {
    const kind = this.kindOf(config);
    if (!kind) {
      const known = this.channel(config.channel).kinds.map((one) => one.kind);
      return [
        `provider ${config.name}: there is no kind ${config.kind} for ${config.channel}, only ${known.join(', ')}`,
      ];
    }
    const validate = new Ajv({ allErrors: true, strict: false }).compile({
      ...kind.options,
      additionalProperties: false,
    });
    if (validate(config.options)) return [];
    return (validate.errors ?? []).map((error) => {
      const unknown = (error.params as { additionalProperty?: string }).additionalProperty;
      return `provider ${config.name}: ${error.instancePath || 'it'} ${error.message}${unknown ? ` (${unknown})` : ''}`;
    });
  }

  private kindOf(config: ProviderConfig): ProviderKind | undefined {
    return this.channel(config.channel).kinds.find((one) => one.kind === config.kind);
  }
}
