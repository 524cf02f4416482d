/** Beyond this many values the search for a name is not worth the time: the fault is told without its place. */
const VALUES_LOOKED_AT = 10_000;

interface Place {
  value: unknown;
  key: string;
  parent: Place | undefined;
}

/**
 * Where a value stands in the data, as an RFC 6901 pointer (`/items/2/name`); undefined when it is not found.
 * Looks wide before deep, so that the shortest pointer wins. Only used to word a fault.
 */
export function pointerTo(data: object, wanted: unknown): string | undefined {
  const queue: Place[] = [{ value: data, key: '', parent: undefined }];
  for (let at = 0; at < queue.length && at < VALUES_LOOKED_AT; at++) {
    const place = queue[at]!;
    if (place.value === wanted) return spell(place);
    if (typeof place.value !== 'object' || place.value === null) continue;
    for (const [key, value] of Object.entries(place.value)) queue.push({ value, key, parent: place });
  }
  return undefined;
}

export const toPointer = (segments: readonly unknown[]): string =>
  segments.map((segment) => `/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

function spell(place: Place): string {
  const keys: string[] = [];
  for (let at = place; at.parent; at = at.parent) keys.unshift(at.key);
  return toPointer(keys);
}
