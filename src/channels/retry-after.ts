/**
 * `Retry-After` in milliseconds from `now`, unclamped; undefined for what is neither seconds nor a date.
 * Source: RFC 9110 §10.2.3 (delay-seconds or HTTP-date) and §5.6.7 (the three forms of a date).
 */
export function parseRetryAfterMs(
  header: string | readonly string[] | undefined,
  now: Date,
): number | undefined {
  const text = (typeof header === 'string' ? header : header?.[0])?.trim() ?? '';
  if (/^\d{1,12}$/.test(text)) return Number(text) * 1_000;
  const at = HTTP_DATE.test(text) ? parseHttpDate(text, now) : NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - now.getTime());
}

const HTTP_DATE =
  /^(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/;
const RFC_850 = /-(\d{2}) /;

/** Milliseconds since the epoch, or NaN. */
function parseHttpDate(text: string, now: Date): number {
  const short = RFC_850.exec(text);
  if (short)
    return Date.parse(text.replace(RFC_850, ` ${fullYear(Number(short[1]), now)} `).replace('-', ' '));
  return Date.parse(text.endsWith('GMT') ? text : `${text} GMT`); // asctime names no zone; it is GMT by definition
}

/** A two-digit year more than 50 years ahead means the past one with the same digits (RFC 9110 §5.6.7). */
function fullYear(twoDigits: number, now: Date): number {
  const year = Math.floor(now.getUTCFullYear() / 100) * 100 + twoDigits;
  return year > now.getUTCFullYear() + 50 ? year - 100 : year;
}
