import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { failed, type Outcome, taken } from '../../../src/domain/outcome.js';
import { EndpointPatience } from '../../../src/endpoints/endpoint-patience.service.js';
import { type EndpointAttempt, EndpointVerdicts } from '../../../src/endpoints/endpoint-verdicts.service.js';
import { startApp, type TestApp } from '../../support/app.js';
import { uuidOf } from '../../support/settled.js';
import { attempted, endpointUuid, subscribe } from '../../support/subscribers.js';

const GONE = failed('rejected', { class: 'gone', code: 'http_410', detail: '', scope: 'endpoint' });
const DOWN = failed('deferred', { class: 'slow', code: 'http_503', detail: '', scope: 'endpoint' });
const WELL = taken('http_204', '');

describe('what outcomes say of an endpoint', () => {
  let app: TestApp;
  let id: string;
  let verdicts: EndpointVerdicts;
  let patience: EndpointPatience;
  beforeAll(async () => {
    app = await startApp();
    verdicts = app.posthaste.app.get(EndpointVerdicts);
    patience = app.posthaste.app.get(EndpointPatience);
  });
  afterAll(() => app.stop());
  beforeEach(async () => {
    ({ id } = await subscribe(app));
  });

  const stateOf = async (publicId = id) => {
    const { rows } = await app.pool.query<{
      enabled: boolean;
      disabled_reason: string | null;
      failing_since: Date | null;
      changes: number;
      gates: number;
    }>(
      `SELECT enabled, disabled_reason, failing_since,
              (SELECT count(*) FROM endpoint_changes WHERE endpoint_id = e.id)::integer AS changes,
              (SELECT count(*) FROM gates WHERE key = e.id::text AND held_by = 'disabled')::integer AS gates
         FROM endpoints e WHERE id = $1`,
      [endpointUuid(publicId)],
    );
    return rows[0]!;
  };
  const age = (interval: string) =>
    app.pool.query(
      `UPDATE endpoints SET judged_from = now() - $2::interval, failing_since = now() - $2::interval WHERE id = $1`,
      [endpointUuid(id), interval],
    );
  const attemptAt = async (ago: string): Promise<EndpointAttempt> => {
    const [hook] = await attempted(app, id, [{ ago, outcome: 'deferred' }]);
    return { endpointId: endpointUuid(id), notificationId: uuidOf(hook!), number: 1 };
  };

  describe('a 410', () => {
    it('switches it off, once, however many say so at the same time', async () => {
      await age('1 hour');
      const attempt = await attemptAt('1 second');
      await Promise.all(Array.from({ length: 8 }, () => verdicts.obeyGone(attempt, GONE)));
      expect(await stateOf()).toMatchObject({
        enabled: false,
        disabled_reason: 'gone',
        changes: 1,
        gates: 1,
      });
    });

    it('is told to who listens to us, once for each time it is switched off', async () => {
      await subscribe(app, { types: ['posthaste.*'] });
      await age('1 hour');
      const attempt = await attemptAt('1 second');
      await Promise.all([verdicts.obeyGone(attempt, GONE), verdicts.obeyGone(attempt, GONE)]);
      await app.request('post', `/v1/endpoints/${id}/enable`).expect(200);
      await app.request('patch', `/v1/endpoints/${id}`).send({ enabled: false }).expect(200);
      const { rows } = await app.pool.query(
        `SELECT type, data, count(*) OVER (PARTITION BY business_id)::integer AS times FROM own_events
          WHERE business_id LIKE $1 || ':%' ORDER BY id`,
        [id],
      );
      expect(rows).toEqual([
        { type: 'posthaste.endpoint.disabled', data: { id, reason: 'gone' }, times: 1 },
        { type: 'posthaste.endpoint.disabled', data: { id, reason: 'owner' }, times: 1 },
      ]);
    });

    it('of an attempt from before it was switched on again, or moved, is no word about it', async () => {
      const attempt = await attemptAt('1 minute'); // the endpoint was made after it
      await verdicts.obeyGone(attempt, GONE);
      expect(await stateOf()).toMatchObject({ enabled: true, changes: 0, gates: 0 });
    });

    it('is the only answer that does so at once', async () => {
      await age('1 hour');
      const attempt = await attemptAt('1 second');
      const deleted = failed('rejected', { ...GONE, code: 'endpoint_deleted' });
      for (const outcome of [WELL, DOWN, deleted]) await verdicts.obeyGone(attempt, outcome);
      expect(await stateOf()).toMatchObject({ enabled: true, changes: 0 });
    });
  });

  describe('well or failing', () => {
    const note = (outcome: Outcome) =>
      verdicts.note({ endpointId: endpointUuid(id), notificationId: '', number: 1 }, outcome);
    const writesOf = async (): Promise<string> => {
      const { rows } = await app.pool.query<{ xmin: string }>(`SELECT xmin FROM endpoints WHERE id = $1`, [
        endpointUuid(id),
      ]);
      return rows[0]!.xmin;
    };

    it('is written when it changes, and costs nothing while it does not', async () => {
      const untouched = await writesOf();
      for (let i = 0; i < 5; i++) await note(WELL);
      expect(await writesOf()).toBe(untouched);
      await note(DOWN);
      const failingSince = (await stateOf()).failing_since;
      expect(failingSince).not.toBeNull();
      const failing = await writesOf();
      for (let i = 0; i < 5; i++) await note(DOWN);
      expect(await writesOf()).toBe(failing);
      expect((await stateOf()).failing_since).toEqual(failingSince); // the first stays the first
      await note(WELL);
      expect((await stateOf()).failing_since).toBeNull();
    });

    it.each([
      [
        'it could not be reached',
        failed('not_sent', { ...DOWN, code: 'connect_refused', scope: 'host' }),
        true,
      ],
      ['it did not answer', failed('in_doubt', { ...DOWN, code: 'timeout', scope: 'endpoint' }), true],
      ['it refused one message', failed('deferred', { ...DOWN, code: 'http_422', scope: 'message' }), true],
      [
        'we were stopping',
        failed('not_sent', { ...DOWN, class: 'lease', code: 'process_stopping', scope: 'message' }),
        false,
      ],
      [
        'a template of ours broke',
        failed('not_sent', { ...DOWN, class: 'internal', code: 'internal', scope: 'message' }),
        false,
      ],
    ])('%s', async (_what, outcome, isFailing) => {
      await note(outcome);
      expect((await stateOf()).failing_since !== null).toBe(isFailing);
    });
  });

  describe('five days of nothing but failure', () => {
    const failures = (...ago: string[]) =>
      attempted(
        app,
        id,
        ago.map((one) => ({ ago: one, outcome: 'deferred' as const })),
      );

    it('switch it off, and nothing else', async () => {
      const { id: other } = await subscribe(app);
      await age('6 days');
      await failures('6 days', '5 days', '3 days', '1 day', '1 hour');
      expect(await patience.end()).toBe(1);
      expect(await stateOf()).toMatchObject({
        enabled: false,
        disabled_reason: 'failing',
        changes: 1,
        gates: 1,
      });
      expect(await stateOf(other)).toMatchObject({ enabled: true, changes: 0 });
      expect(await patience.end()).toBe(0);
    });

    it('are not four', async () => {
      await age('4 days');
      await failures('4 days', '3 days', '2 days', '1 day', '1 hour');
      expect(await patience.end()).toBe(0);
    });

    it('are not one failure and five days of silence', async () => {
      await age('9 days');
      await failures('9 days', '9 days', '9 days', '9 days', '8 days');
      expect(await patience.end()).toBe(0);
      expect((await stateOf()).enabled).toBe(true);
    });

    it('are not a few failures that happen to be far apart', async () => {
      await age('6 days');
      await failures('6 days', '3 days', '1 hour');
      expect(await patience.end()).toBe(0);
    });

    it('have no success among them, noted or not', async () => {
      await age('6 days');
      await failures('6 days', '5 days', '3 days', '1 day', '1 hour');
      await attempted(app, id, [{ ago: '2 days', outcome: 'taken' }]);
      expect(await patience.end()).toBe(0);
    });
  });
});
