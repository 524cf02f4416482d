import { type Static, Type } from 'typebox';

import { oneOf, Time } from '../accept/notification.schema.js';
import { CHANNELS } from '../domain/channel.js';
import type { ProviderConfig } from '../platform/config/posthaste-file.js';
import { HoldView, nullable, toHoldView } from './hold.schema.js';
import type { BreakerState, Standing } from './standing.reader.js';

const BREAKER_STATES = ['closed', 'half_open', 'open'] as const;

const BreakerView = Type.Object({
  state: oneOf(
    BREAKER_STATES,
    'for all processes: open while its gate is held, half_open while one call tries',
  ),
  processes: Type.Array(
    Type.Object({
      process: Type.String({ description: 'host:pid' }),
      state: oneOf(BREAKER_STATES, 'its own'),
      changed_at: Time('since when'),
    }),
    { description: 'live workers whose breaker has ever changed; the others are closed' },
  ),
});

export const ProviderView = Type.Object({
  name: Type.String(),
  channel: oneOf(CHANNELS, 'what it sends'),
  kind: Type.String(),
  priority: Type.Integer(),
  concurrency: Type.Integer({ description: 'calls in flight per worker process' }),
  state: oneOf(['open', 'held'] as const, 'held: nothing goes out through it'),
  holds: Type.Array(HoldView),
  breaker: BreakerView,
  in_flight: Type.Integer({ description: 'calls under way, over all workers' }),
  calls: Type.Integer({ description: 'of the last five minutes' }),
  success_rate: nullable(Type.Number({ description: 'share of these that it took, 0 to 1; null: none' })),
  average_ms: nullable(Type.Number({ description: 'how long they took on average' })),
});
export type ProviderView = Static<typeof ProviderView>;

export function toProviderView(provider: ProviderConfig, standing: Standing): ProviderView {
  const { name, channel, kind, priority, concurrency } = provider;
  const isMine = (one: { provider: string }): boolean => one.provider === name;
  const holds = standing.gates.holds.filter((hold) => hold.kind === 'provider' && hold.key === name);
  const calls = standing.calls.filter(isMine);
  const total = sumOf(calls.map((one) => one.calls));
  return {
    name,
    channel,
    kind,
    priority,
    concurrency,
    state: holds.length > 0 ? 'held' : 'open',
    holds: holds.map(toHoldView),
    breaker: breakerOf(name, standing),
    in_flight: sumOf(standing.inFlight.filter(isMine).map((one) => one.calls)),
    calls: total,
    success_rate: total === 0 ? null : sumOf(calls.map((one) => one.taken)) / total,
    average_ms: total === 0 ? null : Math.round(sumOf(calls.map((one) => one.durationMs)) / total),
  };
}

function breakerOf(name: string, { gates, breakers, processes }: Standing): ProviderView['breaker'] {
  const isHeld = gates.holds.some(
    (hold) => hold.kind === 'provider' && hold.key === name && hold.heldBy === 'breaker',
  );
  const ofAll = isHeld ? 'open' : gates.isProbed('provider', name) ? 'half_open' : 'closed';
  const whereOf = ({ processId }: BreakerState): string => {
    const found = processes.find(({ id }) => id === processId);
    return found ? `${found.host}:${found.pid}` : processId;
  };
  return {
    state: ofAll,
    processes: breakers
      .filter(({ provider }) => provider === name)
      .map((one) => ({
        process: whereOf(one),
        state: one.state,
        changed_at: one.changedAt.toISOString(),
      })),
  };
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0);
