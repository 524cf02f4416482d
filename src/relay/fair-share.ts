import type { EndpointRoom, Published } from '../outbox/outbox.store.js';

/** Divides `total` among the endpoints that have room: nobody more than its room, and what one leaves goes to the others. */
export function dealOut(rooms: readonly EndpointRoom[], total: number): EndpointRoom[] {
  const byRoom = rooms.filter(({ room }) => room > 0).sort((a, b) => a.room - b.room);
  let left = total;
  const shares: EndpointRoom[] = [];
  byRoom.forEach(({ endpointId, room }, i) => {
    const share = Math.min(room, Math.ceil(left / (byRoom.length - i)));
    if (share > 0) shares.push({ endpointId, room: share });
    left -= share;
  });
  return shares;
}

/**
 * Whether an endpoint had all that it was dealt, and yet not all that it has room for, or was dealt nothing: it may have more
 * that is due.
 */
export function isCutShort(
  rooms: readonly EndpointRoom[],
  total: number,
  hints: readonly Published[],
): boolean {
  const had = new Map<string | null, number>();
  for (const { endpointId } of hints) had.set(endpointId, (had.get(endpointId) ?? 0) + 1);
  const whole = new Map(rooms.map(({ endpointId, room }) => [endpointId, room]));
  const shares = dealOut(rooms, total);
  const isDealtToAll = shares.length === rooms.filter(({ room }) => room > 0).length;
  if (hints.length > 0 && !isDealtToAll) return true;
  return shares.some(({ endpointId, room }) => room < whole.get(endpointId)! && had.get(endpointId) === room);
}

/**
 * Retries that an endpoint may have of what is left of its provider's budget: half of it, less what it has had in the same
 * minute. So the first that fails leaves half to the others, the second a quarter: none can take it all.
 */
export const roomForRetries = (left: number, used: number): number =>
  Math.max(0, Math.ceil((left - used) / 2));

/** One of each endpoint in turn; where there is none, one of each sender. */
export function interleave(hints: readonly Published[]): Published[] {
  const byOwner = new Map<string | number, Published[]>();
  for (const hint of hints) {
    const owner = hint.endpointId ?? hint.sender;
    const own = byOwner.get(owner);
    if (own) own.push(hint);
    else byOwner.set(owner, [hint]);
  }
  if (byOwner.size <= 1) return [...hints];
  const turns = [...byOwner.values()];
  const dealt: Published[] = [];
  for (let round = 0; dealt.length < hints.length; round++) {
    for (const own of turns) if (round < own.length) dealt.push(own[round]!);
  }
  return dealt;
}
