import type { Pool } from 'pg';

import type { ChannelRegistry } from '../../channels/channel.registry.js';
import type { Lane } from '../../domain/channel.js';
import type { GatesStore } from '../../gates/gates.store.js';
import type { Evaluator, Signal } from '../signal.js';
import { type Oldest, oldestWaiting } from '../sql/oldest-waiting.js';
import { countLive, type LiveProcesses, type QueueMovement, readMovement } from '../sql/read-movement.js';
import { openLanes } from './open-lanes.js';

/** Relays publish within a second; whatever keeps them so long is no passing trouble. */
const NOT_DRAINING_MS = 30_000;
/** Due so long with nobody there to take it: a deployment's gap between two processes is shorter. */
const UNATTENDED_MS = 10_000;
/** Bulk is made to wait. */
const AGE_FACTOR: Record<Lane, number> = { transactional: 1, bulk: 10 };

/** All that this evaluator judges by. */
interface Standing {
  waiting: readonly Oldest[];
  movement: readonly QueueMovement[];
  live: LiveProcesses;
}

/** What is due and does not move: too old, not published, or with nobody there. What a gate holds is that gate's alert. */
export class BacklogEvaluator implements Evaluator {
  readonly kinds = ['queue_age', 'outbox_not_draining', 'relay_silent', 'worker_silent'] as const;

  constructor(
    private readonly pool: Pool,
    private readonly gates: GatesStore,
    private readonly channels: ChannelRegistry,
    private readonly queueAgeMs: number,
  ) {}

  async evaluate(): Promise<Signal[]> {
    const standing = await this.look();
    return [...this.tooOld(standing), ...this.notDraining(standing), ...silent(standing)];
  }

  private async look(): Promise<Standing> {
    const gates = await this.gates.held();
    const providers = this.channels.providers.map(({ name }) => name);
    const open = providers.filter((name) => !gates.isHeld('provider', name));
    const held = gates.holds.filter(({ kind }) => kind === 'endpoint').map(({ key }) => key);
    const lanes = openLanes(this.channels, gates);
    const [waiting, movement, live] = await Promise.all([
      oldestWaiting(this.pool, lanes, open, held),
      readMovement(this.pool),
      countLive(this.pool),
    ]);
    const isOpen = ({ queue }: QueueMovement): boolean => open.includes(providerOf(queue));
    return { waiting, movement: movement.filter(isOpen), live };
  }

  private tooOld({ waiting, movement }: Standing): Signal[] {
    const limit = (lane: Lane): number => this.queueAgeMs * AGE_FACTOR[lane];
    const inOutbox = waiting.filter(({ lane, ageMs }) => ageMs > limit(lane)).map(ofLane);
    const inQueues = movement.filter(({ queue, oldestMs }) => oldestMs > limit(laneOf(queue)));
    return [...inOutbox, ...inQueues.map(ofQueue)];
  }

  /** A long backlog that moves is no fault of the relay's: something was published lately for that channel and lane. */
  private notDraining({ waiting, movement }: Standing): Signal[] {
    const hasMoved = ({ channel, lane }: Oldest): boolean =>
      movement.some(
        ({ queue, lastMs }) =>
          lastMs < NOT_DRAINING_MS &&
          laneOf(queue) === lane &&
          this.channels.provider(providerOf(queue)).channel === channel,
      );
    return waiting
      .filter((one) => one.ageMs > NOT_DRAINING_MS && !hasMoved(one))
      .map(({ channel, lane, since }) => ({
        kind: 'outbox_not_draining',
        about: `${channel}.${lane}`,
        summary: `What is due by ${channel} (${lane}) is not being published`,
        count: 1,
        since,
        detail: { channel, lane },
      }));
  }
}

const ofLane = ({ channel, lane, since }: Oldest): Signal => ({
  kind: 'queue_age',
  about: `${channel}.${lane}`,
  summary: `What is due by ${channel} (${lane}) waits too long`,
  count: 1,
  since,
  detail: { channel, lane },
});

const ofQueue = ({ queue, published }: QueueMovement): Signal => ({
  kind: 'queue_age',
  about: queue,
  summary: `What is in the queue ${queue} waits too long for a worker`,
  count: published,
  detail: { queue },
});

function silent({ waiting, movement, live }: Standing): Signal[] {
  const unpublished = waiting.filter(({ ageMs }) => ageMs > UNATTENDED_MS);
  const published = movement.filter(({ oldestMs }) => oldestMs > UNATTENDED_MS);
  const signals: Signal[] = [];
  if (live.relays === 0 && unpublished.length > 0)
    signals.push({
      kind: 'relay_silent',
      about: '',
      summary: 'No process with the role relay is alive, and something is due',
      count: 1,
    });
  if (live.workers === 0 && unpublished.length + published.length > 0)
    signals.push({
      kind: 'worker_silent',
      about: '',
      summary: 'No process with the role worker is alive, and something is due',
      count: 1,
    });
  return signals;
}

const providerOf = (queue: string): string => queue.slice(0, queue.lastIndexOf('.'));
const laneOf = (queue: string): Lane => queue.slice(queue.lastIndexOf('.') + 1) as Lane;
