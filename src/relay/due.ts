import type {
  AllowancesStore,
  EndpointRate,
  EndpointTerms,
  Standing,
} from '../allowances/allowances.store.js';
import { type Lane, LANES } from '../domain/channel.js';
import { TRIAL_MS } from '../domain/gate.js';
import type { GatesStore } from '../gates/gates.store.js';
import { type GatesUnderTrial, type HeldGates, NO_TRIALS } from '../gates/held-gates.js';
import type {
  EndpointCursor,
  EndpointDue,
  Group,
  OutboxStore,
  QueueWindow,
  Route,
} from '../outbox/outbox.store.js';
import type { QueueRef } from '../queues/queue-names.js';

/** Groups of endpoints looked at in one pass, of each lane; the next pass goes on behind the last. */
const ENDPOINT_GROUPS_PER_PASS = 512;
/** Of a queue: to count so many takes longer than the rest of a look. */
const MANY_OUT = 500;
const BEFORE_ALL: EndpointCursor = {
  endpointId: '00000000-0000-0000-0000-000000000000',
  pin: '',
  isRetry: false,
};

/** A group in which something waits, and who may take it. */
export interface DueGroup {
  group: Group;
  /** Until its first may go, milliseconds; negative when it may already. */
  dueMs: number;
  takers: Route[];
  /** Of webhooks: those with something due. */
  endpoints: string[];
  /** Its endpoints may have one call each: nothing but that holds them back. */
  isProbe: boolean;
}

/** All that a relay needs to know before it acts. */
export interface Survey {
  windows: ReadonlyMap<string, QueueWindow>;
  /** Gates whose breaker's time is over and whose one call is under way: no other is to go. */
  trials: GatesUnderTrial;
  standings: ReadonlyMap<string, Standing>;
  /** Of the endpoints with something due, those that have a rate. */
  endpointRates: ReadonlyMap<string, EndpointRate>;
  /** And those that want fewer or more calls at once than their provider gives. */
  endpointCaps: ReadonlyMap<string, number>;
  /** Transactional before bulk, first sends before retries, then by the time of their first. */
  due: DueGroup[];
  /** Endpoints are left to look at: the next pass sees them. */
  hasMore: boolean;
}

const NO_TERMS: EndpointTerms = { rates: new Map(), caps: new Map() };

/** Looks at what waits, what is out and what may be spent: a few statements, all of them short, most side by side. */
export class Surveyor {
  private readonly cursors = new Map<Lane, EndpointCursor>();
  /** What was out when all was counted last. */
  private counted: ReadonlyMap<string, QueueWindow> = new Map();

  constructor(
    private readonly outbox: OutboxStore,
    private readonly allowances: AllowancesStore,
    private readonly gates: GatesStore,
    /** All that there are, also those that are held. */
    private readonly queues: () => readonly QueueRef[],
  ) {}

  /** What these routes can take, which serve these lanes; nothing is asked of a lane that none of them serves. */
  async look(routes: readonly Route[], gates: HeldGates, lanes: readonly Lane[] = LANES): Promise<Survey> {
    const groups = groupsOf(routes.filter((route) => route.channel !== 'webhook'));
    const hooked = LANES.filter((lane) =>
      routes.some((route) => route.channel === 'webhook' && route.lane === lane),
    );
    const [windows, dues, found, standings] = await Promise.all([
      this.windows(lanes),
      groups.length > 0 ? this.outbox.nextDue(groups) : [],
      Promise.all(hooked.map((lane) => this.endpointsDue(lane))),
      this.allowances.standings([...new Set(routes.map((route) => route.provider))]),
    ]);
    // After the windows: a hint that is in neither has been claimed in between, and is seen as a call.
    const trials = gates.hasProbed ? await this.gates.underTrial(TRIAL_MS) : NO_TRIALS;
    const hasMore = hooked.some((lane) => this.cursors.has(lane));
    const due = [
      ...dues.map(({ dueMs, ...group }) => ({ group, dueMs, endpoints: [], isProbe: false })),
      ...gathered(found.flat(), gates),
    ]
      .map((one) => ({ ...one, takers: takersOf(one.group, routes) }))
      .filter(({ takers }) => takers.length > 0)
      .sort(inServiceOrder);
    const endpoints = due.flatMap((one) => one.endpoints);
    const { rates, caps } = endpoints.length > 0 ? await this.allowances.endpointTerms(endpoints) : NO_TERMS;
    return { windows, trials, standings, endpointRates: rates, endpointCaps: caps, due, hasMore };
  }

  /**
   * All is counted in a pass of all lanes. One beside it, and there are over a hundred a second, leaves out queues of the other
   * lane that had many out: of those it knows what was counted last. What is tried or has a rate is counted again in the relays' turn.
   */
  private async windows(lanes: readonly Lane[]): Promise<ReadonlyMap<string, QueueWindow>> {
    if (lanes.length === LANES.length) return (this.counted = await this.outbox.windows());
    const before = this.counted;
    const countOf = (queue: string): number => before.get(queue)?.count ?? 0;
    const leftOut = this.queues().filter(
      ({ lane, name }) => !lanes.includes(lane) && countOf(name) >= MANY_OUT,
    );
    if (leftOut.length === 0) return this.outbox.windows();
    const others = this.queues().filter((one) => !leftOut.includes(one));
    const now = await this.outbox.windowsOf(others.map(({ name }) => name));
    return new Map([...now, ...leftOut.map(({ name }) => [name, before.get(name)!] as const)]);
  }

  private async endpointsDue(lane: Lane): Promise<EndpointDue[]> {
    const from = this.cursors.get(lane) ?? BEFORE_ALL;
    const found = await this.outbox.endpointsDue(lane, from, ENDPOINT_GROUPS_PER_PASS);
    if (found.length === ENDPOINT_GROUPS_PER_PASS) this.cursors.set(lane, found[found.length - 1]!);
    else this.cursors.delete(lane);
    return found;
  }
}

/** What open routes can take; what waits for a provider that is held is not even looked at. */
function groupsOf(routes: readonly Route[]): Group[] {
  const pins = routes.flatMap(({ channel, lane, provider, takesUnpinned }) => [
    { channel, lane, pin: provider },
    ...(takesUnpinned ? [{ channel, lane, pin: '' }] : []),
  ]);
  const distinct = [...new Map(pins.map((one) => [`${one.channel} ${one.lane} ${one.pin}`, one])).values()];
  return distinct.flatMap((one) => [
    { ...one, isRetry: false },
    { ...one, isRetry: true },
  ]);
}

const takersOf = ({ channel, lane, pin }: Group, routes: readonly Route[]): Route[] =>
  routes.filter(
    (route) =>
      route.channel === channel &&
      route.lane === lane &&
      (pin === '' ? route.takesUnpinned : route.provider === pin),
  );

/** Endpoints of one kind together; those whose breaker's time is over apart from the rest. */
function gathered(found: readonly EndpointDue[], gates: HeldGates): Omit<DueGroup, 'takers'>[] {
  const groups = new Map<string, Omit<DueGroup, 'takers'>>();
  for (const { lane, endpointId, pin, isRetry, dueMs } of found) {
    if (gates.isHeld('endpoint', endpointId)) continue;
    const isProbe = gates.isProbed('endpoint', endpointId);
    const key = `${lane} ${pin} ${isRetry} ${isProbe}`;
    const group = { channel: 'webhook' as const, lane, pin, isRetry };
    const known = groups.get(key) ?? { group, dueMs: Infinity, endpoints: [], isProbe };
    known.dueMs = Math.min(known.dueMs, dueMs);
    if (dueMs <= 0) known.endpoints.push(endpointId);
    groups.set(key, known);
  }
  return [...groups.values()];
}

function inServiceOrder(a: DueGroup, b: DueGroup): number {
  const rank = ({ group }: DueGroup): number => 2 * Number(group.lane === 'bulk') + Number(group.isRetry);
  return rank(a) - rank(b) || a.dueMs - b.dueMs;
}
