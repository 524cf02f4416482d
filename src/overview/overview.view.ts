import { type Static, Type } from 'typebox';

import { oneOf, Time } from '../accept/notification.schema.js';
import { AlertView } from '../alerts/alert.schema.js';
import { DeadLetterGroups } from '../dead-letters/dead-letter.schema.js';
import { CHANNELS, LANES } from '../domain/channel.js';
import { toPublicId } from '../domain/public-id.js';
import { GATE_HOLDERS, type GateHolder, type Hold } from '../domain/gate.js';
import { nullable } from './hold.schema.js';
import type { Failing, LaneState, Standing } from './standing.reader.js';

/** More than this on one page is read by nobody. */
const MAX_HOLDS = 100;

const Stuck = Type.Object({
  where: oneOf(['provider', 'endpoint', 'queue', 'type', 'outbox'] as const, 'what is held'),
  name: Type.String(),
  because: oneOf([...GATE_HOLDERS, 'no_relay', 'no_worker'] as const, 'what holds it'),
  detail: nullable(Type.String()),
  since: nullable(Time('since when')),
  next: Type.String({ description: 'what happens next, a sentence for people' }),
  next_at: nullable(Time('when; null: when somebody acts')),
});
type Stuck = Static<typeof Stuck>;

const Lane = Type.Object({
  channel: oneOf(CHANNELS, 'how it goes'),
  lane: oneOf(LANES, 'its lane'),
  due: Type.Integer({ description: 'due and not yet published; counted to 50,000' }),
  oldest_due_at: nullable(Time('since when the oldest of these is due')),
  in_per_minute: Type.Integer({ description: 'accepted within the last minute' }),
  out_per_minute: Type.Integer({ description: 'calls made in the last whole minute' }),
});

export const Overview = Type.Object({
  at: Time('when this was so'),
  verdict: oneOf(['ok', 'warning', 'critical'] as const, 'the worst alert that is open and not acknowledged'),
  stuck: Type.Array(Stuck, { description: 'where it is stuck, since when, what happens next; at most 100' }),
  failing: Type.Object({
    retrying: Type.Integer({ description: 'among the first 50,000 that wait' }),
    in_doubt: Type.Integer({ description: 'an operator decides; counted to 50,000' }),
    dead: Type.Integer({ description: 'dead letters; counted to 50,000' }),
    dead_by_cause: DeadLetterGroups.properties.items,
  }),
  lanes: Type.Array(Lane),
  alerts: Type.Array(AlertView, { description: 'those that are open, the last raised first' }),
  processes: Type.Object({
    api: Type.Integer(),
    relay: Type.Integer(),
    worker: Type.Integer(),
  }),
});
export type Overview = Static<typeof Overview>;

/** What an overview is made of. */
export interface Sight {
  at: Date;
  standing: Standing;
  failing: Failing;
  deadByCause: Overview['failing']['dead_by_cause'];
  alerts: AlertView[];
  channelOf: (provider: string) => string | undefined;
}

export function toOverview(sight: Sight): Overview {
  const { at, standing, failing, deadByCause, alerts } = sight;
  const live = (role: string): number =>
    standing.processes.filter(({ roles }) => roles.includes(role)).length;
  return {
    at: at.toISOString(),
    verdict: verdictOf(alerts),
    stuck: [
      ...unattended(standing, live),
      ...faultsFirst(standing.gates.holds).slice(0, MAX_HOLDS).map(toStuck),
    ],
    failing: {
      retrying: failing.retrying,
      in_doubt: failing.inDoubt,
      dead: failing.dead,
      dead_by_cause: deadByCause,
    },
    lanes: standing.lanes.map((lane) => toLane(lane, sight)),
    alerts,
    processes: { api: live('api'), relay: live('relay'), worker: live('worker') },
  };
}

function verdictOf(alerts: readonly AlertView[]): Overview['verdict'] {
  const unattended = alerts.filter(({ state }) => state === 'open');
  if (unattended.some(({ severity }) => severity === 'critical')) return 'critical';
  return unattended.length > 0 ? 'warning' : 'ok';
}

function unattended({ lanes, queues }: Standing, live: (role: string) => number): Stuck[] {
  const oldest = lanes.flatMap(({ oldestDueAt }) => (oldestDueAt ? [oldestDueAt] : [])).sort(byTime)[0];
  const waits = oldest !== undefined || queues.length > 0;
  return (['relay', 'worker'] as const)
    .filter((role) => waits && live(role) === 0)
    .map((role) => ({
      where: 'outbox',
      name: 'all',
      because: `no_${role}` as const,
      detail: null,
      since: oldest?.toISOString() ?? null,
      next: `Nothing moves until a process with the role ${role} is started.`,
      next_at: null,
    }));
}

const byTime = (a: Date, b: Date): number => a.getTime() - b.getTime();

const NEXT: Record<GateHolder, string> = {
  breaker: 'A single call finds out whether it is well again.',
  endpoint: 'A single call finds out whether it is well again.',
  pause: 'It waits until an operator resumes it.',
  retry_after: 'It is called again: it had asked us to wait.',
  rate: 'It is called again: its rate was used up.',
  configuration: 'A single call asks again; somebody has to mend the credentials or the sender.',
  disabled: 'It waits until its owner switches it on again.',
};

/** A switch that its owner has thrown is no fault: it is told after all that is one. */
const faultsFirst = (holds: readonly Hold[]): Hold[] =>
  [...holds].sort((a, b) => Number(a.heldBy === 'disabled') - Number(b.heldBy === 'disabled'));

const toStuck = ({ kind, key, heldBy, since, until, detail }: Hold): Stuck => ({
  where: kind,
  name: kind === 'endpoint' ? toPublicId('endpoint', key) : key,
  because: heldBy,
  detail,
  since: since.toISOString(),
  next: until === undefined && heldBy === 'breaker' ? 'It waits until an operator closes it.' : NEXT[heldBy],
  next_at: until?.toISOString() ?? null,
});

function toLane(state: LaneState, { standing, channelOf }: Sight): Overview['lanes'][number] {
  const calls = standing.calls.filter(
    ({ provider, lane }) => lane === state.lane && channelOf(provider) === state.channel,
  );
  return {
    channel: state.channel,
    lane: state.lane,
    due: state.due,
    oldest_due_at: state.oldestDueAt?.toISOString() ?? null,
    in_per_minute: state.accepted,
    out_per_minute: calls.reduce((sum, { lastMinute }) => sum + lastMinute, 0),
  };
}
