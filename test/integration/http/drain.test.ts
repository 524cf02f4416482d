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

  /** Status and `Connection` of the answer to one who keeps connections. */
  const send = async (businessId: string, path = '/v1/notifications'): Promise<unknown[]> => {
    const { status, headers } = await fetch(app.url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${app.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...LETTER, business_id: businessId }),
    });
    return [status, headers.get('connection')];
  };
  const isOpen = (): Promise<boolean> =>
    fetch(`${app.url}/health/live`).then(
      () => true,
      () => false,
    );

  it('says that it is not ready, takes requests as before, and closes each connection with its answer', async () => {
    expect(await send('before')).toEqual([202, 'keep-alive']);
    app.posthaste.app.get(Readiness).beginShutdown();
    app.posthaste.app.get(DoorDrain).begin();
    await app.bare('get', '/health/ready').expect(503);
    expect(await send('meanwhile')).toEqual([202, 'close']);
    expect(await send('nowhere', '/v1/nothing')).toEqual([404, 'close']);
  });

  it('answers whom it has let in, also after its port is closed', async () => {
    const holder = await app.pool.connect();
    await holder.query('BEGIN; LOCK TABLE notifications IN EXCLUSIVE MODE');
    const answer = send('under way');
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
    expect(await send('under way')).toEqual([200, 'keep-alive']);
  });
});
