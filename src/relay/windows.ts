import type { Lane } from '../domain/channel.js';
import { TransactionalTraffic } from '../domain/transactional-traffic.js';
import type { QueueWindow } from '../outbox/outbox.store.js';
import { Window, type WindowBounds } from './window.js';

/**
 * A queue holds about two seconds of work: enough that no worker waits for the relay, little enough that what waits obeys.
 * The ceiling is what FLUSHALL costs at most: one window of re-publication.
 */
const QUEUE: WindowBounds = { floor: 100, ceiling: 8_000, targetMs: 2_000 };
/** An endpoint that answers quickly may have this many hints out. */
const ENDPOINT_CEILING = 1_000;
const ENDPOINT_TARGET_MS = 1_000;
/** Endpoints whose speed is remembered; the rest begin at the floor again. */
const MAX_REMEMBERED = 20_000;

/** Rows of a queue marked in one pass. More hold their locks longer than they save. */
const BATCH = 500;
/** Of bulk, while transactional work comes: what comes next waits for the end of the pass. */
const BATCH_BESIDE = 100;

const EMPTY: QueueWindow = { count: 0, oldestMs: 0, endpoints: new Map() };

/** Hints that are out to a provider, in whichever lane. */
export const outOf = (windows: ReadonlyMap<string, QueueWindow>, provider: string): number =>
  [...windows]
    .filter(([queue]) => queue.slice(0, queue.lastIndexOf('.')) === provider)
    .reduce((sum, [, { count }]) => sum + count, 0);

/** Hints that are out to an endpoint, by whichever provider. */
export const outOfEndpoint = (windows: ReadonlyMap<string, QueueWindow>, endpointId: string): number =>
  [...windows.values()].reduce((sum, { endpoints }) => sum + (endpoints.get(endpointId)?.count ?? 0), 0);

/** The windows of all queues and endpoints, as this relay has learnt them. */
export class Windows {
  private readonly queues = new Map<string, Window>();
  private readonly endpoints = new Map<string, Window>();
  private readonly transactional = new TransactionalTraffic();

  noteTransactional(): void {
    this.transactional.note();
  }

  /** How many a queue of this lane may have in one pass, whatever room it has. */
  batchOf(lane: Lane): number {
    const isBeside = lane === 'bulk' && this.transactional.isExpected;
    return isBeside ? BATCH_BESIDE : BATCH;
  }

  roomOfQueue(queue: string, state: QueueWindow | undefined): number {
    return remembered(this.queues, queue, () => new Window(QUEUE)).room(state ?? EMPTY);
  }

  /** A slow endpoint never has more out than twice its cap: one dead among fifty costs the others nothing. With another cap it learns anew. In each lane its own: what a campaign has out there is nothing that a code waits for. */
  roomOfEndpoint(queue: string, endpointId: string, state: QueueWindow | undefined, cap: number): number {
    const bounds = {
      floor: 2 * cap,
      ceiling: Math.max(2 * cap, ENDPOINT_CEILING),
      targetMs: ENDPOINT_TARGET_MS,
    };
    const window = remembered(this.endpoints, `${queue} ${endpointId} ${cap}`, () => new Window(bounds));
    return window.room(state?.endpoints.get(endpointId) ?? EMPTY);
  }
}

function remembered(windows: Map<string, Window>, key: string, make: () => Window): Window {
  let window = windows.get(key);
  if (window) return window;
  if (windows.size >= MAX_REMEMBERED) windows.clear();
  window = make();
  windows.set(key, window);
  return window;
}
