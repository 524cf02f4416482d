import type { Pool } from 'pg';

import type { ChannelRegistry } from '../../channels/channel.registry.js';
import { CHANNELS } from '../../domain/channel.js';
import type { Evaluator, Signal } from '../signal.js';

interface Row {
  provider: string;
  heldBy: 'breaker' | 'configuration';
  since: Date;
  detail: string | null;
}

interface OpenBreaker {
  provider: string;
  processes: number;
  since: Date;
}

/** A refusal of our credentials holds for a minute, then one call asks again: in between it is not mended. */
const ASKING_MS = 30_000;

/**
 * Providers that are left alone: by their breakers (held, or still being tried), by some processes' breakers alone, by what
 * is wrong with our configuration; and channels that have nobody left. An operator's own pause is no news to operators.
 */
export class GatesEvaluator implements Evaluator {
  readonly kinds = ['breaker_open', 'configuration_refused', 'channel_down'] as const;

  constructor(
    private readonly pool: Pool,
    private readonly channels: ChannelRegistry,
  ) {}

  async evaluate(): Promise<Signal[]> {
    const [gates, local] = await Promise.all([this.gates(), this.openInSome()]);
    const held = new Set(gates.map(({ provider }) => provider));
    return [
      ...gates.map(ofGate),
      ...local.filter(({ provider }) => !gates.some(isBreakerOf(provider))).map(ofProcesses),
      ...this.channelsDown(held),
    ];
  }

  private async gates(): Promise<Row[]> {
    const { rows } = await this.pool.query<Row>({
      name: 'alert_gates',
      text: `SELECT key AS provider, held_by AS "heldBy", since, detail FROM gates
              WHERE kind = 'provider'
                AND (held_by = 'breaker' OR (held_by = 'configuration' AND held_until > now() - $1 * interval '1 ms'))
              ORDER BY key, held_by`,
      values: [ASKING_MS],
    });
    return rows.filter(({ provider }) => this.isConfigured(provider));
  }

  private async openInSome(): Promise<OpenBreaker[]> {
    const { rows } = await this.pool.query<OpenBreaker>({
      name: 'alert_breakers',
      text: `SELECT b.provider, count(*)::integer AS processes, min(b.changed_at) AS since
               FROM breakers b JOIN processes p ON p.id = b.process_id AND p.renewed_at > now() - interval '20 s'
              WHERE b.state <> 'closed' GROUP BY b.provider`,
    });
    return rows.filter(({ provider }) => this.isConfigured(provider));
  }

  private isConfigured(provider: string): boolean {
    return this.channels.providers.some(({ name }) => name === provider);
  }

  private channelsDown(held: ReadonlySet<string>): Signal[] {
    return CHANNELS.flatMap((channel): Signal[] => {
      const names = this.channels.providersOf(channel).map(({ name }) => name);
      if (names.length === 0 || !names.every((name) => held.has(name))) return [];
      const summary = `Nothing goes out by ${channel}: every provider of it is held`;
      return [{ kind: 'channel_down', about: channel, summary, count: names.length, detail: { channel } }];
    });
  }
}

const isBreakerOf =
  (provider: string) =>
  (gate: Row): boolean =>
    gate.provider === provider && gate.heldBy === 'breaker';

function ofGate({ provider, heldBy, since, detail }: Row): Signal {
  const isBreaker = heldBy === 'breaker';
  return {
    kind: isBreaker ? 'breaker_open' : 'configuration_refused',
    about: provider,
    summary: isBreaker
      ? `The breaker of ${provider} is open: most calls to it fail`
      : `${provider} refuses our configuration (credentials, sender): everything for it waits`,
    count: 1,
    since,
    detail: { provider, code: detail, everywhere: true },
  };
}

const ofProcesses = ({ provider, processes, since }: OpenBreaker): Signal => ({
  kind: 'breaker_open',
  about: provider,
  summary: `The breaker of ${provider} is open in some worker processes: most of their calls to it fail`,
  count: processes,
  since,
  detail: { provider, everywhere: false },
});
