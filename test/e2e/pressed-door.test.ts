import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { PRESSED_HERE } from '../../src/outbox/wake-word.js';
import { HookSink } from '../support/hook-sink.js';
import { type TestProcess, TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

const BURST = 300;
/** What one pass lets out for a door that is pressed. */
const TRICKLE = 16;

describe('a door that is pressed', () => {
  let service: TestService;
  let sink: HookSink;
  let relay: TestProcess;
  let endpoint: string;
  let number = 0;

  beforeAll(async () => {
    sink = await HookSink.start();
    service = await TestService.create({ backend: 'postgresql' });
    await service.start('api');
    endpoint = await service.createEndpoint(sink.url());
    relay = await service.start('relay');
    await service.start('worker');
  });

  afterAll(async () => {
    await service.stop();
    await sink.stop();
  });

  const passes = async (result: string): Promise<number> => {
    const text = await (await fetch(`${relay.url}/metrics`)).text();
    return Number(
      new RegExp(`^posthaste_relay_passes_total\\{result="${result}"\\} (\\d+)`, 'm').exec(text)?.[1] ?? 0,
    );
  };

  const burst = async (): Promise<string[]> =>
    service.sendAll(
      Array.from({ length: BURST }, () => ({
        type: 'order.shipped',
        recipient: 'ada',
        business_id: `order-${++number}`,
        channel: 'webhook',
        to: endpoint,
      })),
    );

  /** As a door does it, every 50 ms, until the relay has certainly heard of it: it looks more often than its poll. */
  const saying = async (word: string): Promise<() => void> => {
    const timer = setInterval(
      () =>
        void service.pool.query(`SELECT pg_notify('posthaste_outbox', $1)`, [word]).catch(() => undefined),
      50,
    );
    const before = await passes('idle');
    await waitFor(async () => (await passes('idle')) >= before + 3, { what: 'a relay that hears' });
    return () => clearInterval(timer);
  };

  const arrived = (): number => new Set(sink.arrivals.map(({ id }) => id)).size;

  it('goes first on its machine: what is accepted goes out in a trickle meanwhile, and all of it afterwards', async () => {
    const silence = await saying(PRESSED_HERE);
    const before = await passes('published');
    await burst();
    await waitFor(() => arrived() >= 3 * TRICKLE, { what: 'three trickles' });
    const published = await service.pool.query(`SELECT FROM notifications WHERE status <> 'accepted'`);
    const underWayOrDone = 1 + (await passes('published')) - before;
    expect(published.rowCount).toBeLessThanOrEqual(TRICKLE * underWayOrDone);
    expect(arrived()).toBeLessThan(BURST);
    silence();
    await waitFor(() => arrived() === BURST, { what: 'the whole burst' });
  });

  it('is left alone by relays of other machines: waiting there helps nobody', async () => {
    const silence = await saying('pressed elsewhere');
    const before = await passes('published');
    await burst();
    await waitFor(() => arrived() === 2 * BURST, { what: 'the whole burst' });
    expect((await passes('published')) - before).toBeLessThan(BURST / TRICKLE);
    silence();
  });
});
