import type { GateHolder, GateKind } from '../domain/gate.js';
import type { HeldGates } from '../gates/held-gates.js';
import type { Cause } from './sql/count-causes.js';
import type { OpenAlerts } from './sql/count-open-alerts.js';
import type { LaneState } from './sql/read-lanes.js';
import type { BreakerState, LiveProcess } from './sql/read-processes.js';
import type { QueueState } from './sql/read-windows.js';

/**
 * How the service stands, in figures: what metrics show of PostgreSQL. Names of the configuration and words of the code only;
 * endpoints and types are counted, never named. Plain JSON, because processes share it; ages in seconds.
 */
export interface Figures {
  lanes: { channel: string; lane: string; due: number; oldestS: number }[];
  queues: { queue: string; hints: number; oldestS: number }[];
  causes: {
    status: Cause['status'];
    channel: string;
    provider: string;
    class: string;
    count: number;
    oldestS: number;
  }[];
  providersHeld: { provider: string; heldBy: GateHolder }[];
  gatesHeld: { kind: GateKind; heldBy: GateHolder; count: number }[];
  breakers: { provider: string; state: BreakerState['state']; count: number }[];
  alerts: OpenAlerts[];
  processes: { role: string; count: number }[];
}

/** What the figures are made of. */
export interface Seen {
  now: Date;
  lanes: readonly LaneState[];
  queues: readonly QueueState[];
  causes: readonly Cause[];
  gates: HeldGates;
  breakers: readonly BreakerState[];
  alerts: readonly OpenAlerts[];
  processes: readonly LiveProcess[];
}

export function figuresOf({ now, lanes, queues, causes, gates, breakers, alerts, processes }: Seen): Figures {
  const ageS = (since: Date | null): number =>
    since === null ? 0 : Math.max(0, (now.getTime() - since.getTime()) / 1000);
  return {
    lanes: lanes.map(({ channel, lane, due, oldestDueAt }) => ({
      ...{ channel, lane, due },
      oldestS: ageS(oldestDueAt),
    })),
    queues: queues.map(({ queue, published, oldestPublishedAt }) => ({
      ...{ queue, hints: published },
      oldestS: ageS(oldestPublishedAt),
    })),
    causes: causes.map(({ oldestAt, ...cause }) => ({ ...cause, oldestS: ageS(oldestAt) })),
    providersHeld: gates.holds
      .filter(({ kind }) => kind === 'provider')
      .map(({ key, heldBy }) => ({ provider: key, heldBy })),
    gatesHeld: counted(gates.holds, ({ kind, heldBy }) => ({ kind, heldBy })),
    breakers: counted(breakers, ({ provider, state }) => ({ provider, state })),
    alerts: [...alerts],
    processes: counted(
      processes.flatMap(({ roles }) => roles),
      (role) => ({ role }),
    ),
  };
}

/** How many there are of each, by what `of` says of them. */
function counted<T, K extends object>(all: readonly T[], of: (one: T) => K): (K & { count: number })[] {
  const counts = new Map<string, K & { count: number }>();
  for (const one of all) {
    const key = of(one);
    const name = JSON.stringify(key);
    const known = counts.get(name);
    if (known) known.count++;
    else counts.set(name, { ...key, count: 1 });
  }
  return [...counts.values()];
}
