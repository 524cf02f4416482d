import type { Lane } from '../domain/channel.js';
import type { HeldGates } from '../gates/held-gates.js';
import type { EndpointCursor, EndpointDue, OutboxStore, QueueWindow, Route } from '../outbox/outbox.store.js';

/** Endpoints looked at in one pass; the next pass goes on behind the last. */
const ENDPOINTS_PER_PASS = 256;
const BEFORE_ALL: EndpointCursor = { lane: '', endpointId: '00000000-0000-0000-0000-000000000000' };

/** All that a relay needs to know before it acts. */
export interface Survey {
  windows: ReadonlyMap<string, QueueWindow>;
  /** Until the next row of a route may go, milliseconds; undefined: nothing waits. */
  dueMs(route: Route): number | undefined;
  /** The endpoints of a route with something due. */
  endpoints(route: Route): string[];
  /** Whether an endpoint may have one call only. */
  isProbed(endpointId: string): boolean;
  /** Endpoints are left to look at: the next pass sees them. */
  hasMore: boolean;
}

/** Looks at what waits and what is out: three statements, all of them short, side by side. */
export class Surveyor {
  private cursor = BEFORE_ALL;

  constructor(private readonly outbox: OutboxStore) {}

  async look(routes: readonly Route[], gates: HeldGates): Promise<Survey> {
    const plain = routes.filter((route) => route.channel !== 'webhook');
    const [windows, dues, found] = await Promise.all([
      this.outbox.windows(),
      plain.length > 0 ? this.outbox.nextDue(plain) : [],
      this.outbox.endpointsDue(this.cursor, ENDPOINTS_PER_PASS),
    ]);
    const hasMore = found.length === ENDPOINTS_PER_PASS;
    this.cursor = hasMore ? lastOf(found) : BEFORE_ALL;
    const endpoints = found.filter(({ endpointId }) => !gates.isHeld('endpoint', endpointId));
    const firsts = new Map(dues.map((due) => [`${due.channel}.${due.lane}`, due.dueMs]));
    return {
      windows,
      hasMore,
      isProbed: (endpointId) => gates.isProbed('endpoint', endpointId),
      dueMs: ({ channel, lane }) =>
        channel === 'webhook' ? earliest(endpoints, lane) : firsts.get(`${channel}.${lane}`),
      endpoints: ({ lane }) =>
        endpoints.filter((one) => one.lane === lane && one.dueMs <= 0).map((one) => one.endpointId),
    };
  }
}

const lastOf = (endpoints: readonly EndpointDue[]): EndpointCursor => endpoints[endpoints.length - 1]!;

function earliest(endpoints: readonly EndpointDue[], lane: Lane): number | undefined {
  const dues = endpoints.filter((one) => one.lane === lane).map((one) => one.dueMs);
  return dues.length > 0 ? Math.min(...dues) : undefined;
}
