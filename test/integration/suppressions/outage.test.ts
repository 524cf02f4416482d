import { afterAll, beforeAll, expect, it } from 'vitest';

import { UnsubscribeLinks } from '../../../src/consent/unsubscribe-links.js';
import { startApp, type TestApp } from '../../support/app.js';
import { startPostgres, type TestPostgres } from '../../support/postgres.js';
import { waitFor } from '../../support/wait-for.js';

let postgres: TestPostgres;
let app: TestApp;
beforeAll(async () => {
  postgres = await startPostgres();
  app = await startApp({ databaseUrl: postgres.url, env: { PUBLIC_URL: 'https://notify.example' } });
});
afterAll(async () => {
  await app.stop();
  await postgres.end();
});

it('says 503 to an unsubscribe while PostgreSQL is gone, never that it is done, and takes it afterwards', async () => {
  const letter = { type: 'welcome', recipient: 'ada@example.com', channel: 'email', data: { name: 'Ada' } };
  const { body } = await app.send({ ...letter, business_id: 'one', lane: 'bulk' });
  const link = app.posthaste.app.get(UnsubscribeLinks).urlFor(body.id as string)!;
  const path = new URL(link).pathname;
  await postgres.kill();
  for (const method of ['get', 'post'] as const) {
    const answer = await app.bare(method, path);
    expect([answer.status, answer.body.code, answer.headers['retry-after']]).toEqual([
      503,
      'unavailable',
      '2',
    ]);
  }
  await postgres.restart();
  await waitFor(async () => (await app.bare('post', path)).status === 200, { what: 'the unsubscribe taken' });
  expect(await app.send({ ...letter, business_id: 'two' })).toMatchObject({
    status: 202,
    body: { status: 'suppressed' },
  });
});
