/** What a wall clock shows, by the zone's rules of that day. ICU's own data, which Node carries: nothing to install. */

/** ICU keeps 45 KiB for each, and callers may name 400 zones. Made anew it takes 0.3 ms, once a zone and quarter hour. */
const MAX_FORMATTERS = 50;
const formatters = new Map<string, Intl.DateTimeFormat>();
const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;

/** Zones change on quarter hours, so that within one an offset is asked once. Entries, about 100 bytes each. */
const MAX_OFFSETS = 20_000;
const QUARTER_MS = 15 * MINUTE_MS;
const offsets = new Map<string, number>();

/** The zone's name as ICU writes it; undefined when there is no such zone. */
export function timeZoneNamed(name: string): string | undefined {
  // An offset is a time, not a place: it does not know when that place changes its clocks.
  if (!/^[A-Za-z]/.test(name)) return undefined;
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

/** Every zone of a country (ISO 3166, two letters); empty when ICU knows none. */
export function timeZonesOf(country: string): readonly string[] {
  const locale = new Intl.Locale(`und-${country}`) as LocaleWithZones;
  return locale.getTimeZones?.() ?? locale.timeZones ?? [];
}

/** The proposal's first form is a property (Node 20), its second a method. */
interface LocaleWithZones extends Intl.Locale {
  getTimeZones?(): string[] | undefined;
  timeZones?: string[];
}

/** What is to be added to UTC to get the zone's wall clock. Milliseconds. */
export function offsetMs(zone: string, atMs: number): number {
  const quarter = Math.floor(atMs / QUARTER_MS);
  const key = `${zone} ${quarter}`;
  const known = offsets.get(key);
  if (known !== undefined) return known;
  if (offsets.size >= MAX_OFFSETS) offsets.clear();
  const offset = wallMs(zone, quarter * QUARTER_MS) - quarter * QUARTER_MS;
  offsets.set(key, offset);
  return offset;
}

/** The wall clock as if it were UTC. */
function wallMs(zone: string, atMs: number): number {
  const parts = formatterOf(zone).formatToParts(atMs);
  const value = (type: Intl.DateTimeFormatPartTypes): number =>
    Number(parts.find((part) => part.type === type)!.value);
  return Date.UTC(
    value('year'),
    value('month') - 1,
    value('day'),
    value('hour'),
    value('minute'),
    value('second'),
  );
}

function formatterOf(zone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(zone);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    if (formatters.size >= MAX_FORMATTERS) formatters.clear();
    formatters.set(zone, formatter);
  }
  return formatter;
}
