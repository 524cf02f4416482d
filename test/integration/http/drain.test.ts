import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Readiness } from '../../../src/platform/health/readiness.js';
import { DoorDrain } from '../../../src/platform/http/door-drain.js';
import { startApp, type TestApp } from '../../support/app.js';
import { waitFor } from '../../support/wait-for.js';

const LETTER = { type: 'welcome', channel: 'email', recipient: 'ada@example.com', data: { name: 'Ada' } };

describe('a door that is about to close', () => {
  let app: TestApp;
  beforeEach(async () => {
    app = await startApp();
  });
  afterEach(() => app.stop());

  const send = (businessId: string) =>
    app.request('post', '/v1/notifications').send({ ...LETTER, business_id: businessId });
  const isOpen = (): Promise<boolean> =>
    fetch(`${app.url}/health/live`).then(
      () => true,
      () => false,
    );

  it('says that it is not ready, takes requests as before, and closes each connection with its answer', async () => {
    expect((await send('before').expect(202)).headers['connection']).not.toBe('close');
    app.posthaste.app.get(Readiness).beginShutdown();
    app.posthaste.app.get(DoorDrain).begin();
    await app.bare('get', '/health/ready').expect(503);
    expect((await send('meanwhile').expect(202)).headers['connection']).toBe('close');
    expect((await app.bare('get', '/v1/nothing').expect(404)).headers['connection']).toBe('close');
  });

  it('answers whom it has let in, also after its port is closed', async () => {
    const holder = await app.pool.connect();
    await holder.query('BEGIN; LOCK TABLE notifications IN EXCLUSIVE MODE');
    const answer = send('under way').then(({ status, headers }) => [status, headers['connection']]);
    await waitFor(
      async () =>
        (
          await app.pool.query(
            `SELECT FROM pg_locks WHERE NOT granted AND relation = 'notifications'::regclass`,
          )
        ).rowCount! > 0,
      { what: 'a request that waits' },
    );
    const restarted = app.restart({});
    await waitFor(async () => !(await isOpen()), { what: 'a closed port' });
    await holder.query('ROLLBACK');
    holder.release();
    expect(await answer).toEqual([202, 'close']);
    await restarted;
    await send('under way').expect(200);
  });
});
