import { Inject, Injectable } from '@nestjs/common';

import { ChannelRegistry } from '../channels/channel.registry.js';
import type { ChannelName } from '../domain/channel.js';
import { opensAt } from '../domain/quiet-hours.js';
import { timeZonesOf } from '../domain/time-zone.js';
import { Config } from '../platform/config/config.js';

/** Whom something is for, as far as quiet hours ask. */
export interface Reached {
  type: string;
  channel: ChannelName;
  /** The normalised address. */
  to: string;
  /** What the caller said of the recipient. */
  timeZone?: string | undefined;
}

/**
 * When a type may go to a recipient. The recipient's zone is the caller's word; else that of the country of a phone number,
 * all of its zones at once where it has several; else the type's own. Webhooks wake nobody and have no quiet hours.
 */
@Injectable()
export class QuietHoursPolicy {
  constructor(
    @Inject(Config) private readonly config: Config,
    @Inject(ChannelRegistry) private readonly channels: ChannelRegistry,
  ) {}

  hasAny(type: string): boolean {
    return this.config.file.types.get(type)?.quietHours !== undefined;
  }

  /** The first moment at or after `atMs` at which it may go. */
  opensAtMs(reached: Reached, atMs: number): number {
    const rule = this.config.file.types.get(reached.type)?.quietHours;
    if (!rule || reached.channel === 'webhook') return atMs;
    // Zones far apart may leave no moment open between them: then the type's own zone stands for all.
    return (
      opensAt(rule, this.zonesOf(reached, rule.timeZone), atMs) ??
      opensAt(rule, [rule.timeZone], atMs) ??
      atMs
    );
  }

  private zonesOf({ channel, to, timeZone }: Reached, fallback: string): readonly string[] {
    if (timeZone !== undefined) return [timeZone];
    const country = this.channels.channel(channel).countryOf?.(to);
    const zones = country === undefined ? [] : timeZonesOf(country);
    return zones.length > 0 ? zones : [fallback];
  }
}
