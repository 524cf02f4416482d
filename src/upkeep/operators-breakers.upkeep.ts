import { Inject, Injectable } from '@nestjs/common';

import { ChannelRegistry } from '../channels/channel.registry.js';
import { Breakers } from '../dispatch/breakers.js';
import { GatesStore } from '../gates/gates.store.js';
import type { UpkeepService } from './upkeep.service.js';

/**
 * Closes this worker's own breakers when an operator has said so, each time once. Opening them needs no word: the gate is
 * held.
 */
@Injectable()
export class OperatorsBreakers implements UpkeepService {
  readonly name = 'operators_breakers';
  readonly everyMs = 1_000;
  readonly isExclusive = false;

  /** The words of the last minute that were heard. */
  private heard = new Set<string>();

  constructor(
    @Inject(ChannelRegistry) private readonly channels: ChannelRegistry,
    @Inject(GatesStore) private readonly gates: GatesStore,
    @Inject(Breakers) private readonly breakers: Breakers,
  ) {}

  async runOnce(): Promise<Record<string, number>> {
    const words = await this.gates.closedByOperators(this.channels.providers.map(({ name }) => name));
    const keyed = words.map(({ provider, at }) => ({ provider, key: `${provider} ${at}` }));
    const unheard = keyed.filter(({ key }) => !this.heard.has(key));
    this.heard = new Set(keyed.map(({ key }) => key));
    unheard.forEach(({ provider }) => this.breakers.close(provider));
    return { closed: unheard.length };
  }
}
