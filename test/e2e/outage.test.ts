import { setTimeout } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { MailApi } from '../support/mail-api.js';
import { BACKENDS, TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

const BACKLOG = 20_000;
const MINIMUM = 10;
const CONCURRENCY = 100;
const RESET_S = 2;
/** How long the provider stays down once the gate is held, beyond two probes. Seconds. */
const DOWN_S = Number(process.env['OUTAGE_SECONDS'] ?? 0);
const WITHIN_MS = 120_000;
const BREAKER = `concurrency: ${CONCURRENCY}, breaker: { error_rate: 0.5, minimum: ${MINIMUM}, window: 60s, reset: ${RESET_S}s }`;
const provider = (name: string, url: string, priority: number) =>
  `  - { name: ${name}, channel: email, kind: resend, api_key: re_1, base_url: "${url}", from: "Acme <no-reply@acme.example>", priority: ${priority}, ${BREAKER} }`;

/** Calls that a ramp allows up to this time after it began: its steps added up, and what was saved up beside. */
function rampAllows(seconds: number): number {
  let sum = 1;
  for (let second = 0; second < seconds; second++) sum += CONCURRENCY * 2 ** Math.floor(second / 5);
  return seconds >= 30 ? Infinity : sum;
}

describe.each(BACKENDS)(`an outage with ${BACKLOG} waiting (%s)`, (backend) => {
  let service: TestService;
  let first: MailApi;
  let second: MailApi;

  beforeEach(async () => {
    [first, second] = [await MailApi.start(), await MailApi.start()];
  });

  afterEach(async () => {
    await service.stop();
    await Promise.all([first.goAway(), second.goAway()]);
  });

  const deploy = async (...providers: string[]) => {
    service = await TestService.create({
      backend,
      yaml: `
providers:
${providers.join('\n')}
types:
  welcome: { retry: { retries: 20, base: 50ms, factor: 1, slow: [] } }
`,
    });
    await service.start('api');
    const mails = Array.from({ length: BACKLOG }, (_, i) => ({
      type: 'welcome',
      recipient: `ada-${i}@example.com`,
      business_id: 'welcome',
      channel: 'email',
      data: { name: 'Ada' },
    }));
    for (let at = 0; at < BACKLOG; at += 1_000) {
      // A busy machine's door may say 503; the same again is safe.
      const again = () => service.sendAll(mails.slice(at, at + 1_000)).catch(() => undefined);
      await waitFor(again, { within: 60_000, what: 'the backlog' });
    }
    await first.goAway();
    await service.start('relay,worker');
  };
  const attemptsAt = async (name: string): Promise<number> => {
    const { rows } = await service.pool.query(
      'SELECT count(*)::integer AS count FROM attempts WHERE provider = $1',
      [name],
    );
    return rows[0].count;
  };
  const untilHeld = () =>
    waitFor(
      async () =>
        (await service.pool.query(`SELECT FROM gates WHERE held_by = 'breaker' AND held_until > now()`))
          .rowCount === 1,
      { within: 30_000, what: 'the gate held' },
    );

  it(
    'burns no attempts while the breaker is open, and drains no faster than the ramp allows',
    async () => {
      await deploy(provider('only', first.url, 1));
      await untilHeld();
      const atHold = await attemptsAt('only');
      expect(atHold).toBeLessThanOrEqual(MINIMUM + 2 * CONCURRENCY);
      await waitFor(async () => (await attemptsAt('only')) >= atHold + 2, {
        within: 60_000,
        what: 'two probes',
      });
      await setTimeout(DOWN_S * 1_000);
      const whileOpen = (await attemptsAt('only')) - atHold;
      // Calls that were under way when it opened end within the same second; from then on each reset lets one through.
      expect(whileOpen).toBeLessThanOrEqual(CONCURRENCY + 4 + DOWN_S / RESET_S);

      await first.comeBack();
      const began = performance.now();
      expect(await service.settled(WITHIN_MS)).toEqual({ sent: BACKLOG });
      const [probe] = first.arrivals;
      console.log(
        `outage (${backend}): ${BACKLOG} drained in ${((performance.now() - began) / 1_000).toFixed(1)} s, ` +
          `${atHold} attempts before the gate was held, ${whileOpen} while it was`,
      );
      // The ramp begins with the record of the probe, which comes after the probe's arrival: never earlier than this allows.
      const beyond = first.arrivals.filter((at, i) => i + 1 > rampAllows((at - probe!) / 1_000 + 1) + 1);
      expect(beyond).toEqual([]);
      expect(first.arrivals).toHaveLength(BACKLOG);
    },
    300_000 + DOWN_S * 1_000,
  );

  it(
    'leaves by the second provider when the first one’s breaker opens',
    async () => {
      await deploy(provider('first', first.url, 1), provider('second', second.url, 2));
      const began = performance.now();
      expect(await service.settled(WITHIN_MS)).toEqual({ sent: BACKLOG });
      console.log(
        `failover (${backend}): ${BACKLOG} in ${((performance.now() - began) / 1_000).toFixed(1)} s`,
      );
      expect(second.arrivals).toHaveLength(BACKLOG);
      expect(first.arrivals).toHaveLength(0);
    },
    300_000 + DOWN_S * 1_000,
  );
});
