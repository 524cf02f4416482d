import { Inject, Injectable } from '@nestjs/common';

import { TypeCatalogue } from '../catalogue/type-catalogue.js';
import type { Content } from '../channels/channel.js';
import { ChannelRegistry } from '../channels/channel.registry.js';
import { isUnfit } from '../channels/unfit.js';
import type { ChannelName } from '../domain/channel.js';
import { timeZoneNamed } from '../domain/time-zone.js';
import { fromPublicId } from '../domain/public-id.js';
import { EndpointDirectory } from '../endpoints/endpoint-directory.service.js';
import { Config } from '../platform/config/config.js';
import { DatabaseClock } from '../platform/clock/database-clock.js';
import { KeyedHasher } from '../platform/crypto/keyed-hasher.js';
import { type Fault, Problem } from '../platform/http/problem.js';
import { QuietHoursPolicy, type Reached } from '../quiet-hours/quiet-hours.policy.js';
import { addressHashOf } from '../suppressions/address-hash.js';
import { isSuppressible } from '../suppressions/suppression.js';
import { type Addressed, type Draft, letterOf } from './draft.js';

export const MAX_DATA_BYTES = 64 * 1024;

/** What of a request depends on the configuration: channel, address, provider, template. All that can be known at the door. */
@Injectable()
export class Addressing {
  constructor(
    @Inject(Config) private readonly config: Config,
    @Inject(ChannelRegistry) private readonly channels: ChannelRegistry,
    @Inject(EndpointDirectory) private readonly endpoints: EndpointDirectory,
    @Inject(DatabaseClock) private readonly clock: DatabaseClock,
    @Inject(TypeCatalogue) private readonly types: TypeCatalogue,
    @Inject(KeyedHasher) private readonly hasher: KeyedHasher,
    @Inject(QuietHoursPolicy) private readonly quiet: QuietHoursPolicy,
  ) {}

  /** Throws Problem: 400 for what the caller wrote, 422 for what this installation cannot do. */
  async address(draft: Draft): Promise<Addressed> {
    const { request } = draft;
    const channel = this.channelOf(draft);
    const { address, faults } = this.parseAddress(draft, channel);
    const timeZone = request.time_zone === undefined ? undefined : timeZoneNamed(request.time_zone);
    faults.push(...this.timeFaults(draft));
    if (request.time_zone !== undefined && timeZone === undefined)
      faults.push({ path: '/time_zone', message: 'is no time zone, as Europe/Berlin' });
    if (faults.length > 0)
      throw new Problem('invalid_request', 'Some fields are wrong; each is named in `errors`.', {
        errors: faults,
      });
    const dataJson = request.data === undefined ? '{}' : JSON.stringify(request.data);
    if (dataJson.length > MAX_DATA_BYTES || Buffer.byteLength(dataJson) > MAX_DATA_BYTES) {
      throw new Problem('too_large', `\`data\` may have at most ${MAX_DATA_BYTES / 1024} KiB of JSON.`);
    }
    this.types.check(request.type, request.data ?? {});
    const endpointId = channel === 'webhook' ? await this.endpointOf(address) : null;
    const template = request.template ?? this.config.file.types.get(request.type)?.template ?? request.type;
    const content = this.prove(draft, channel, template);
    const segments = content?.kind === 'sms' ? content.segments : undefined;
    const addressHash = isSuppressible(channel) ? addressHashOf(this.hasher, channel, address) : null;
    const reached = { type: request.type, channel, to: address, timeZone };
    const quietUntil = this.quietUntil(reached, request.send_at);
    return {
      channel,
      to: address,
      template,
      endpointId,
      dataJson,
      segments,
      addressHash,
      timeZone,
      quietUntil,
    };
  }

  /** The end of the quiet hours in which it would go, by the database's clock. */
  private quietUntil(reached: Reached, sendAt: string | undefined): string | null {
    if (!this.quiet.hasAny(reached.type)) return null;
    const goesMs = Math.max(this.clock.nowMs(), sendAt === undefined ? 0 : Date.parse(sendAt));
    const opensMs = this.quiet.opensAtMs(reached, goesMs);
    return opensMs > goesMs ? new Date(opensMs).toISOString() : null;
  }

  private channelOf({ request }: Draft): ChannelName {
    const channel = request.channel ?? this.config.file.types.get(request.type)?.channel;
    if (channel) return channel;
    const message = 'is required: the configuration names no channel for this type';
    throw new Problem('invalid_request', 'It is not known how this should go.', {
      errors: [{ path: '/channel', message }],
    });
  }

  private parseAddress({ request }: Draft, channel: ChannelName): { address: string; faults: Fault[] } {
    const parsed = this.channels.channel(channel).parseAddress(request.to ?? request.recipient);
    if ('address' in parsed) return { address: parsed.address, faults: [] };
    const path = request.to === undefined ? '/recipient' : '/to';
    const hint =
      request.to === undefined ? ' (`to` is left out, so the recipient is taken as the address)' : '';
    return { address: '', faults: [{ path, message: parsed.fault + hint }] };
  }

  private timeFaults({ request }: Draft): Fault[] {
    if (request.expires_at === undefined) return [];
    const expiresMs = Date.parse(request.expires_at);
    if (expiresMs <= this.clock.nowMs()) return [{ path: '/expires_at', message: 'has passed already' }];
    return request.send_at !== undefined && expiresMs <= Date.parse(request.send_at)
      ? [{ path: '/expires_at', message: 'is not after send_at' }]
      : [];
  }

  private async endpointOf(address: string): Promise<string> {
    const id = fromPublicId('endpoint', address)!;
    if (await this.endpoints.find(id)) return id;
    throw new Problem('invalid_request', 'It is not known where this should go.', {
      errors: [{ path: '/to', message: 'there is no such endpoint' }],
    });
  }

  /** Composes what can fail once, to know now what a worker would only find out later. */
  private prove(draft: Draft, name: ChannelName, template: string): Content | undefined {
    const channel = this.channels.channel(name);
    if (this.channels.providersOf(name).length === 0) {
      throw new Problem('no_provider', `No provider for ${name} is configured here.`);
    }
    if (!channel.hasTemplate(template)) {
      throw new Problem('no_template', `There is no template ${template} for ${name}.`);
    }
    if (!channel.isTemplated) return undefined;
    try {
      return channel.compose(letterOf(draft, { template }, this.clock.now()));
    } catch (error) {
      if (!isUnfit(error)) throw error;
      throw new Problem('template_error', 'The template cannot be filled with this data.', {
        errors: error.faults,
        cause: error,
      });
    }
  }
}
