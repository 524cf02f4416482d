import { describe, expect, it } from 'vitest';

import { waitFor } from '../support/wait-for.js';
import { readDatabaseLedger } from './support/database-ledger.js';
import { deploymentFile } from './support/deployment-file.js';
import type { Providers } from './support/providers.js';
import { BACKENDS, expectGreen, onStage } from './support/row.js';
import type { Stage } from './support/stage.js';
import { letter, many, text } from './support/workload.js';

const CONCURRENCY = 5;
/** Of the breaker in `deploymentFile`. */
const MINIMUM = 10;
/** Until all know that it is open: what made it open, and what was under way or claimed meanwhile. */
const UNTIL_OPEN = MINIMUM + 4 * CONCURRENCY;
const COUNT = 200;
/** A provider that has come back is given its concurrency a second for so long; only then more. */
const RAMP_STEP_MS = 5_000;

/** Mail goes by Resend first. */
const resendFirst = (providers: Providers): string =>
  deploymentFile(providers, { concurrency: CONCURRENCY, hasResend: true })
    .replace('priority: 1,', 'priority: 3,')
    .replace('reset: 1s', 'reset: 2s');

const raised = async (stage: Stage, start: string): Promise<boolean> =>
  (await stage.pool.query('SELECT FROM alerts WHERE starts_with(alert_key, $1)', [start])).rowCount! > 0;

describe.each(BACKENDS)('a provider that answers 500 to everything (%s)', (backend) => {
  it('21. provider 100 % 500, then healthy → breaker opens, one alert, no attempts burnt, failover, ramped drain', async () => {
    await onStage(backend, { yaml: resendFirst }, async (stage) => {
      await stage.start('api,relay');
      await stage.start('worker');
      await stage.start('worker');
      const { resend, twilio, ledger } = stage.providers;
      resend.plan = () => 'fail';
      twilio.plan = () => 'fail';
      await stage.client.postBatch(many(COUNT, () => letter({ on_in_doubt: 'retry' })));
      await stage.client.postBatch(many(COUNT, () => text()));
      const callsTo = (provider: string) => ledger.calls.filter((call) => call.provider === provider).length;
      const probesOf = (provider: string) => callsTo(provider) - UNTIL_OPEN;
      await waitFor(() => raised(stage, 'breaker_open:resend'), { within: 40_000, what: 'the first alert' });
      await waitFor(() => raised(stage, 'breaker_open:twilio'), { within: 40_000, what: 'the second alert' });
      // Mail that Resend has not touched goes by SMTP; texts have nobody else, and wait without a call.
      await waitFor(() => callsTo('mail') >= COUNT - UNTIL_OPEN - Math.max(0, probesOf('resend')), {
        within: 40_000,
        what: 'the failover',
      });
      const stored = await readDatabaseLedger(stage.pool);
      const untouched = stored.filter(({ channel, attempts }) => channel === 'sms' && attempts.length === 0);
      expect(untouched.length).toBeGreaterThan(COUNT / 2);
      const texts = callsTo('twilio');
      const wellFrom = ledger.calls.length;

      resend.plan = () => 'take';
      twilio.plan = () => 'take';
      expectGreen(await stage.verdict({ alerts: ['breaker_open:resend', 'breaker_open:twilio'] }));
      // Of the texts those alone are in doubt that were called while it was sick: a call each, and none twice.
      const counts = await stage.pool.query<{ channel: string; status: string; count: number }>(
        'SELECT channel, status, count(*)::integer AS count FROM notifications GROUP BY 1, 2 ORDER BY 1, 2',
      );
      const doubts = counts.rows.find(({ status }) => status === 'in_doubt')?.count ?? 0;
      expect(doubts).toBeGreaterThanOrEqual(texts);
      expect(doubts).toBeLessThan(COUNT / 2);
      expect(counts.rows).toEqual([
        { channel: 'email', status: 'sent', count: COUNT },
        { channel: 'sms', status: 'in_doubt', count: doubts },
        { channel: 'sms', status: 'sent', count: COUNT - doubts },
      ]);
      expect(callsTo('twilio')).toBe(COUNT);
      // The probe that found it well, then the ramp: a call that comes late is not in its first step.
      const drained = ledger.calls.slice(wellFrom).filter((call) => call.provider === 'twilio');
      const probe = drained.findIndex(({ truth }) => truth === 'taken');
      const inFirstStep = drained.filter(
        ({ at }) => at >= drained[probe]!.at && at < drained[probe]!.at + RAMP_STEP_MS,
      );
      expect(inFirstStep.length).toBeLessThanOrEqual((CONCURRENCY * RAMP_STEP_MS) / 1_000 + 2);
      const again = callsTo('resend');
      await stage.client.post(letter());
      await stage.drain();
      expect(callsTo('resend')).toBe(again + 1);
    });
  });
});
