import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Answer, startApp, type TestApp } from '../../support/app.js';
import { startPostgres, type TestPostgres } from '../../support/postgres.js';
import { waitFor } from '../../support/wait-for.js';

const LETTER = { type: 'welcome', recipient: 'ada@example.com', channel: 'email', data: { name: 'Ada' } };
const EVENT = { type: 'order.shipped', data: { order: 77 } };
/** The contract's word: a caller is told within three seconds. */
const MAX_MS = 3_000;
const CALLERS = 50;

describe('the door without PostgreSQL', () => {
  let postgres: TestPostgres;
  let app: TestApp;
  let endpoint: string;
  beforeAll(async () => {
    postgres = await startPostgres();
    app = await startApp({ databaseUrl: postgres.url });
    const { body } = await app
      .request('post', '/v1/endpoints')
      .send({ url: 'https://hooks.example.com/', types: ['*'] });
    endpoint = body.id as string;
  });
  afterAll(async () => {
    await app.stop();
    await postgres.end();
  });

  const timed = async (ask: () => Promise<Answer>): Promise<Answer & { ms: number }> => {
    const begun = performance.now();
    const { status, body } = await ask();
    return { status, body, ms: performance.now() - begun };
  };

  /** Mail, webhooks, events and batches at once: what waits in a group, for a pool, for an endpoint. */
  const ask = (name: string): Promise<(Answer & { ms: number })[]> =>
    Promise.all(
      Array.from({ length: CALLERS }, (_, i) => {
        const letter = { ...LETTER, business_id: `${name}-${i}` };
        if (i % 10 === 7)
          return timed(async () =>
            app.request('post', '/v1/events').send({ ...EVENT, business_id: letter.business_id }),
          );
        if (i % 10 === 8) return timed(() => app.send({ ...letter, channel: 'webhook', to: endpoint }));
        if (i % 10 === 9)
          return timed(async () =>
            app.request('post', '/v1/notifications/batch').send({ notifications: [letter] }),
          );
        return timed(() => app.send(letter));
      }),
    );

  const expectRefusedInTime = (answers: (Answer & { ms: number })[]): void => {
    for (const { status, body, ms } of answers) {
      expect(ms).toBeLessThan(MAX_MS);
      const problem = 'results' in body ? body.results[0].problem : body;
      expect(['results' in body ? body.results[0].http_status : status, problem.code]).toEqual([
        503,
        'unavailable',
      ]);
      expect(JSON.stringify(body)).not.toMatch(/ECONN|timeout|terminat|5432|127\.0\.0\.1/i);
    }
  };

  const expectRecovered = async (name: string): Promise<void> => {
    await waitFor(async () => (await app.send({ ...LETTER, business_id: name })).status < 300, {
      what: 'the door open again',
    });
    // What was refused may have been stored; sent again it is there once.
    const again = await ask(name);
    for (const { status, body } of again)
      expect(['results' in body ? body.results[0].http_status : status] as number[]).toSatisfy(
        ([one]: number[]) => one === 200 || one === 202,
      );
    const { rows } = await app.pool.query<{ count: number }>(
      `SELECT count(*)::integer AS count FROM notifications JOIN outbox ON notification_id = id WHERE business_id LIKE $1`,
      [`${name}-%`],
    );
    expect(rows[0]!.count).toBe(CALLERS);
  };

  it('says 503 with Retry-After when it is gone, and takes again when it is back', async () => {
    await postgres.kill();
    expectRefusedInTime(await ask('gone'));
    const answer = await app.request('post', '/v1/notifications').send({ ...LETTER, business_id: 'gone' });
    expect([answer.status, answer.headers['retry-after'], answer.headers['content-type']]).toEqual([
      503,
      '2',
      expect.stringMatching(/problem\+json/),
    ]);
    await app.bare('get', '/health/live').expect(200);
    const ready = await app.bare('get', '/health/ready').expect(503);
    expect(ready.body.checks.postgresql).toBe('cannot be reached');
    await postgres.restart();
    await expectRecovered('gone');
    await app.bare('get', '/health/ready').expect(200);
  });

  it('says so within three seconds when it is frozen, and takes again when it thaws', async () => {
    await app.send({ ...LETTER, business_id: 'warm' });
    const frozen = await clusterPids(app.pool);
    frozen.forEach((pid) => process.kill(pid, 'SIGSTOP'));
    try {
      // Twice: once with connections that are held, once when all of them have been given up.
      expectRefusedInTime(await ask('frozen'));
      expectRefusedInTime(await ask('frozen'));
    } finally {
      frozen.forEach((pid) => process.kill(pid, 'SIGCONT'));
    }
    await expectRecovered('frozen');
  });
});

/** The postmaster and every process of its own. */
async function clusterPids(pool: TestApp['pool']): Promise<number[]> {
  const { rows } = await pool.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity UNION SELECT split_part(pg_read_file('postmaster.pid'), chr(10), 1)::integer`,
  );
  return rows.map((row) => row.pid);
}
