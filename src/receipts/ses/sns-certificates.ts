/** Fetches a page from Amazon; undefined when it cannot be had. */
export type Fetch = (url: URL) => Promise<string | undefined>;

/** SNS has one certificate at a time, and a few in a year. */
const MAX_KEPT = 16;
/** Whoever sends URLs that lead nowhere gets this many of our calls a minute, and no more. */
const FETCHES_PER_MINUTE = 10;
const MINUTE_MS = 60_000;

/** Amazon's signing certificates, fetched once each. Promises bounded memory and few calls, whatever URLs are named. */
export class SnsCertificates {
  private readonly kept = new Map<string, Promise<string | undefined>>();
  private spent = 0;
  private since = 0;

  constructor(private readonly fetch: Fetch) {}

  /** PEM; undefined when it cannot be had now. `nowMs`: any clock, the same at each call. */
  async get(url: URL, nowMs: number): Promise<string | undefined> {
    const known = this.kept.get(url.href);
    if (known) return known;
    if (!this.maySpend(nowMs)) return undefined;
    const fetched = this.fetch(url);
    if (this.kept.size >= MAX_KEPT) this.kept.delete(this.kept.keys().next().value!);
    this.kept.set(url.href, fetched);
    const certificate = await fetched;
    if (certificate === undefined) this.kept.delete(url.href);
    return certificate;
  }

  private maySpend(nowMs: number): boolean {
    if (Math.abs(nowMs - this.since) >= MINUTE_MS) [this.since, this.spent] = [nowMs, 0];
    return ++this.spent <= FETCHES_PER_MINUTE;
  }
}
