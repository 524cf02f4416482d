import { type Static, Type } from 'typebox';

import { oneOf, Time } from '../accept/notification.schema.js';
import { CHANNELS, LANES } from '../domain/channel.js';
import type { QueueRef } from '../queues/queue-names.js';
import { HoldView, nullable, toHoldView } from './hold.schema.js';
import type { Standing } from './standing.reader.js';

export const QueueView = Type.Object({
  name: Type.String({ description: 'its provider and lane, as smtp.bulk' }),
  provider: Type.String(),
  channel: oneOf(CHANNELS, 'what goes through it'),
  lane: oneOf(LANES, 'its lane'),
  state: oneOf(['open', 'held'] as const, 'held: nothing is published to it'),
  holds: Type.Array(HoldView, { description: 'its own and those of its provider' }),
  waiting: Type.Integer({ description: 'hints that are out and not yet taken' }),
  oldest_at: nullable(Time('when the oldest of these was published')),
  active: Type.Integer({ description: 'calls under way' }),
  due_in_lane: Type.Integer({
    description:
      'due in the outbox for this channel and lane, whichever provider takes it; counted to 50,000',
  }),
  oldest_due_at: nullable(Time('since when the oldest of these is due')),
  in_per_minute: Type.Integer({ description: 'accepted in this channel and lane within the last minute' }),
  out_per_minute: Type.Integer({ description: 'calls made in the last whole minute' }),
  workers: Type.Integer({ description: 'live worker processes; each works on every queue' }),
});
export type QueueView = Static<typeof QueueView>;

export function toQueueView(ref: QueueRef, standing: Standing): QueueView {
  const { name, provider, channel, lane } = ref;
  const isMine = (one: { provider: string; lane: string }): boolean =>
    one.provider === provider && one.lane === lane;
  const holds = standing.gates.holds.filter(
    ({ kind, key }) => (kind === 'queue' && key === name) || (kind === 'provider' && key === provider),
  );
  const window = standing.queues.find(({ queue }) => queue === name);
  const laneState = standing.lanes.find((one) => one.channel === channel && one.lane === lane);
  return {
    name,
    provider,
    channel,
    lane,
    state: holds.length > 0 ? 'held' : 'open',
    holds: holds.map(toHoldView),
    waiting: window?.published ?? 0,
    oldest_at: window?.oldestPublishedAt.toISOString() ?? null,
    active: standing.inFlight.find(isMine)?.calls ?? 0,
    due_in_lane: laneState?.due ?? 0,
    oldest_due_at: laneState?.oldestDueAt?.toISOString() ?? null,
    in_per_minute: laneState?.accepted ?? 0,
    out_per_minute: standing.calls.find(isMine)?.lastMinute ?? 0,
    workers: standing.processes.filter(({ roles }) => roles.includes('worker')).length,
  };
}
