import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';

import { ChannelRegistry } from '../channels/channel.registry.js';
import { DatabaseClock } from '../platform/clock/database-clock.js';
import { ConfigError } from '../platform/config/config.js';
import type { ProviderConfig } from '../platform/config/posthaste-file.js';
import { DoorPool } from '../platform/database/pools.js';
import { AddressFilter } from '../platform/http/address-filter.js';
import { Problem } from '../platform/http/problem.js';
import { Gauges } from '../platform/metrics/gauges.js';
import type { CallbackRequest, Dialect, Reading } from './dialect.js';
import { dialectOf } from './dialects.js';
import { Receipts } from './receipts.service.js';
import { CarefulFetch } from './ses/careful-fetch.js';

interface Reporter {
  config: ProviderConfig;
  dialect: Dialect;
}

/** Whoever is not there now is to come again after this. Seconds. */
const RETRY_AFTER_S = 30;

/**
 * Callbacks of providers: who is it, is it theirs, what does it say. Whatever it comes to is counted, by provider; a
 * stranger's words are neither read nor logged.
 */
@Injectable()
export class Callbacks implements OnApplicationShutdown {
  private readonly reporters: ReadonlyMap<string, Reporter>;
  private readonly fetch: CarefulFetch;

  /** Throws ConfigError with every provider whose callbacks cannot be read as configured. */
  constructor(
    @Inject(ChannelRegistry) channels: ChannelRegistry,
    @Inject(AddressFilter) filter: AddressFilter,
    @Inject(Receipts) private readonly receipts: Receipts,
    @Inject(DoorPool) private readonly pool: DoorPool,
    @Inject(DatabaseClock) private readonly clock: DatabaseClock,
    @Inject(Gauges) private readonly gauges: Gauges,
  ) {
    this.fetch = new CarefulFetch(filter);
    this.reporters = reportersOf(channels, this.fetch);
  }

  /** Only now: until HTTP has closed, somebody may still report. */
  async onApplicationShutdown(): Promise<void> {
    await this.fetch.close();
  }

  /** Problem `not_found` for a provider that does not report, `unauthorized` for what is not theirs. */
  async take(provider: string, request: CallbackRequest): Promise<void> {
    const reporter = this.reporters.get(provider);
    if (!reporter) throw new Problem('not_found', 'No provider of this name reports here.');
    const reading = await reporter.dialect.read(request, this.clock.now());
    if (reading.is !== 'said') {
      this.count(provider, reading.is, 1);
      throw refusal(reading.is);
    }
    if (reading.said.length === 0) return this.count(provider, 'ignored', 1);
    const taken = await this.receipts.take(this.pool, reporter.config, reading.said);
    for (const [result, count] of Object.entries<number>({ ...taken })) this.count(provider, result, count);
  }

  private count(provider: string, result: string, count: number): void {
    if (count > 0) this.gauges.receipts.inc({ provider, result }, count);
  }
}

function reportersOf(channels: ChannelRegistry, { get }: CarefulFetch): Map<string, Reporter> {
  const faults: string[] = [];
  const reporters = new Map<string, Reporter>();
  for (const config of channels.providers) {
    try {
      const parseAddress = (to: string) => channels.channel(config.channel).parseAddress(to);
      const dialect = dialectOf(config, { fetch: get, parseAddress });
      if (dialect) reporters.set(config.name, { config, dialect });
    } catch (error) {
      faults.push(`provider ${config.name}: ${(error as Error).message}`);
    }
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return reporters;
}

function refusal(because: Exclude<Reading['is'], 'said'>): Problem {
  switch (because) {
    case 'forged':
      return new Problem(
        'unauthorized',
        'The signature is missing, or does not belong to this body and provider.',
      );
    case 'unreadable':
      return new Problem(
        'invalid_request',
        'The signature is right; the body is not of the form that was agreed on.',
      );
    case 'unverified':
      return new Problem(
        'unavailable',
        'The signature cannot be checked now: its certificate cannot be had.',
        {
          retryAfterS: RETRY_AFTER_S,
        },
      );
  }
}
