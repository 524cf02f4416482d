import { callApi } from './operator.js';
import { type Place, recipientName, SEEDED_RECIPIENTS } from './seed.js';
import { percentilesOf } from './statistics.js';
import { tell } from './progress.js';

/** How soon one kind of question is answered, milliseconds over HTTP. */
export interface Listing {
  what: string;
  p50: number;
  p95: number;
  /** By the last one asked. */
  found: number;
}

const TIMES = 60;
const WARM_UP = 5;
const A_DAY_MS = 86_400_000;

/** What callers and operators ask for; `n` differs each time, so that not one page is read over and over. */
const LISTS: readonly { what: string; path: (n: number) => string }[] = [
  { what: 'the newest', path: () => '' },
  { what: 'of a type', path: () => '?type=invoice.issued' },
  { what: 'of a recipient', path: (n) => `?recipient=${recipientName((n * 7919) % SEEDED_RECIPIENTS)}` },
  {
    what: 'a key that nobody has',
    path: (n) => `?type=invoice.issued&recipient=${recipientName(n)}&business_id=old-${n}`,
  },
  { what: 'dead', path: () => '?status=dead' },
  { what: 'delivered, of a type', path: () => '?type=invoice.issued&status=delivered' },
  { what: 'in doubt (none)', path: () => '?status=in_doubt' },
  {
    what: 'of a type and another channel (none): a bounded scan',
    path: () => '?type=invoice.issued&channel=sms',
  },
  {
    what: 'of one day',
    path: (n) => {
      const day = Date.now() - (1 + (n % 28)) * A_DAY_MS;
      return `?created_after=${new Date(day - A_DAY_MS).toISOString()}&created_before=${new Date(day).toISOString()}`;
    },
  },
];

/** Asks each kind of list so many times, one after the other. */
export async function timeLists({ url, installation }: Place & { url: string }): Promise<Listing[]> {
  const results: Listing[] = [];
  for (const { what, path } of LISTS) {
    tell(`  lists: ${what}`);
    const times: number[] = [];
    let found = 0;
    for (let n = 0; n < TIMES + WARM_UP; n++) {
      const startedAt = performance.now();
      const page = await callApi<{ items: unknown[] }>(
        url,
        installation,
        'GET',
        `/v1/notifications${path(n)}`,
      );
      if (n >= WARM_UP) times.push(performance.now() - startedAt);
      found = page.items.length;
    }
    const { p50, p95 } = percentilesOf(times);
    results.push({ what, p50, p95, found });
  }
  return results;
}
