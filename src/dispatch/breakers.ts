import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';

import { Breaker, type BreakerState } from '../breakers/breaker.js';
import { ChannelRegistry } from '../channels/channel.registry.js';
import type { FailureScope, Outcome } from '../domain/outcome.js';
import { GatesStore } from '../gates/gates.store.js';
import type { ProviderConfig } from '../platform/config/posthaste-file.js';
import { Log } from '../platform/logging/log.js';
import { GateWatch } from './gate-watch.js';
import { LeaseService } from './lease.service.js';

/** The endpoints called most recently; an idle breaker costs some kilobytes. */
const MAX_ENDPOINTS = 5_000;
const OF_PROVIDER: readonly FailureScope[] = ['provider'];
const OF_ENDPOINT: readonly FailureScope[] = ['endpoint', 'host'];

/**
 * This process's breakers: one a provider, one a webhook endpoint.
 *
 * One that opens says so in PostgreSQL. A provider's gate is held once half of the live workers say the same, an endpoint's
 * by the first: then nobody claims, nobody calls, and after `reset` the relay lets out a single hint whose success opens
 * the gate again (GateKeeper).
 */
@Injectable()
export class Breakers implements OnApplicationShutdown {
  private readonly ofProviders = new Map<string, Breaker>();
  private readonly ofEndpoints = new Map<string, Breaker>();

  constructor(
    @Inject(ChannelRegistry) private readonly channels: ChannelRegistry,
    @Inject(GatesStore) private readonly gates: GatesStore,
    @Inject(GateWatch) private readonly watch: GateWatch,
    @Inject(LeaseService) private readonly lease: LeaseService,
    @Inject(Log) private readonly log: Log,
  ) {}

  /** Calls through the provider's breaker and, of a webhook, the endpoint's. */
  call(provider: string, endpointId: string | null, send: () => Promise<Outcome>): Promise<Outcome> {
    const outer = this.ofProvider(provider);
    if (endpointId === null) return outer.call(send);
    const inner = this.ofEndpoint(provider, endpointId);
    return outer.call(() => inner.call(send));
  }

  /** Whether this process has stopped calling a provider, whatever the others do, or one call of it is trying. */
  isOpen(provider: string): boolean {
    return this.ofProviders.get(provider)?.admits === false;
  }

  /** An operator says that the provider is well. */
  close(provider: string): void {
    this.ofProviders.get(provider)?.close();
  }

  onApplicationShutdown(): void {
    for (const breaker of [...this.ofProviders.values(), ...this.ofEndpoints.values()]) breaker.shutdown();
  }

  private ofProvider(name: string): Breaker {
    let breaker = this.ofProviders.get(name);
    if (!breaker) {
      const config = this.channels.provider(name);
      breaker = new Breaker(
        { ...config.breaker, scopes: OF_PROVIDER },
        (state) => void this.onProvider(config, state),
      );
      this.ofProviders.set(name, breaker);
    }
    return breaker;
  }

  private ofEndpoint(provider: string, endpointId: string): Breaker {
    const known = this.ofEndpoints.get(endpointId);
    this.ofEndpoints.delete(endpointId); // and in again below: the map's order is that of use
    const { breaker: settings } = this.channels.provider(provider);
    const breaker =
      known ??
      new Breaker(
        { ...settings, scopes: OF_ENDPOINT },
        (state) => void this.onEndpoint(endpointId, state, settings.resetMs),
      );
    this.ofEndpoints.set(endpointId, breaker);
    if (this.ofEndpoints.size > MAX_ENDPOINTS) this.forgetOldest();
    return breaker;
  }

  private forgetOldest(): void {
    const [oldest] = this.ofEndpoints;
    oldest![1].shutdown();
    this.ofEndpoints.delete(oldest![0]);
  }

  private async onProvider({ name, breaker }: ProviderConfig, state: BreakerState): Promise<void> {
    this.log.warn('breaker.changed', { provider: name, state });
    await this.quietly(async () => {
      const isHeld = await this.gates.reportBreaker(this.lease.processId, name, state, breaker.resetMs);
      if (isHeld) await this.watch.look();
    });
  }

  private async onEndpoint(endpointId: string, state: BreakerState, resetMs: number): Promise<void> {
    if (state !== 'open') return;
    await this.quietly(async () => {
      await this.gates.hold('endpoint', endpointId, 'endpoint', resetMs, 'most of its calls fail');
      await this.watch.look();
    });
  }

  /** The breaker itself stands whether or not PostgreSQL hears of it. */
  private async quietly(report: () => Promise<void>): Promise<void> {
    await report().catch((error: unknown) => this.log.warn('breaker.not_reported', { err: error }));
  }
}
