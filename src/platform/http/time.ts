const TIME = /^\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;
/** Leaves room for any duration after it within four digits. */
const YEAR_9000_MS = Date.UTC(9000, 0);

/**
 * An RFC 3339 time that JavaScript and PostgreSQL both read, and read alike: no leap second, no space for the T, and a day
 * that exists. From 1970 to 8999.
 */
export function isTime(text: string): boolean {
  if (!TIME.test(text) || !isCalendarDay(text.slice(0, 10))) return false;
  const ms = Date.parse(text);
  return ms >= 0 && ms < YEAR_9000_MS;
}

/** `Date` reads 30 February as 2 March. */
function isCalendarDay(day: string): boolean {
  const ms = Date.parse(day);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(day);
}
