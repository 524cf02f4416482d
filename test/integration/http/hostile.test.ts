import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startApp, type TestApp } from '../../support/app.js';
import { exchange, type RawRequest } from '../../support/raw-http.js';
import { HOSTILE } from './hostile-requests.js';

/** More than any refusal needs: an answer must not grow with the question. */
const MAX_ANSWER = 8_192;
/** A refusal that takes longer hangs. Generous: the machine is shared, and a commit may wait for its disk for seconds. */
const MAX_MS = 10_000;

interface ProblemBody {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  instance: string;
  errors?: { path: string; message: string }[];
}

describe('hostile requests', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.stop());

  const ask = (request: RawRequest) =>
    exchange(app.url, { ...request, headers: { authorization: `Bearer ${app.apiKey}`, ...request.headers } });

  it.each(HOSTILE)(
    'refuses $name with $status $code',
    async ({ name: _, status, code, faults, says, ...request }) => {
      const begun = performance.now();
      const answer = await ask(request);
      expect(performance.now() - begun).toBeLessThan(MAX_MS);
      expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(answer.text.length).toBeLessThan(MAX_ANSWER);
      const problem = JSON.parse(answer.text) as ProblemBody;
      expect(problem).toMatchObject({ status, code, type: `urn:posthaste:problem:${code}` });
      expect(answer.status).toBe(status);
      expect(problem.title).not.toBe('');
      expect(problem.detail).not.toBe('');
      if (faults) expect(new Set(problem.errors?.map(({ path }) => path))).toEqual(new Set(faults));
      if (says) expect(problem.errors?.map(({ message }) => message).join('\n')).toContain(says);
      // Neither where it happened, nor who asked, nor what was sent.
      expect(answer.text).not.toMatch(/node_modules|\.ts:|\.js:|at \w+ \(|SELECT|INSERT/);
      expect(answer.text).not.toContain(app.apiKey);
      expect(answer.text).not.toContain('grace.hopper');
    },
  );

  it('stored nothing of it, and still answers', async () => {
    const { rows } = await app.pool.query<{ notifications: number; outbox: number; endpoints: number }>(
      `SELECT (SELECT count(*)::integer FROM notifications) AS notifications,
              (SELECT count(*)::integer FROM outbox) AS outbox,
              (SELECT count(*)::integer FROM endpoints) AS endpoints`,
    );
    expect(rows).toEqual([{ notifications: 0, outbox: 0, endpoints: 0 }]);
    const well = {
      type: 'welcome',
      recipient: 'ada@example.com',
      business_id: 'after',
      channel: 'email',
      data: { name: 'Ada' },
    };
    expect(await app.send(well)).toMatchObject({ status: 202 });
    await app.bare('get', '/health/ready').expect(200);
    expect(({} as { admin?: unknown }).admin).toBeUndefined();
  });

  it('names the methods that a path knows when it is asked with another', async () => {
    for (const [method, path, allow] of [
      ['PUT', '/v1/notifications', 'POST, GET'],
      ['DELETE', '/v1/notifications', 'POST, GET'],
      ['TRACE', '/v1/notifications', 'POST, GET'],
      ['PATCH', '/v1/notifications/ntf_x', 'GET'],
      ['GET', '/v1/notifications/batch/', undefined],
      ['POST', '/health/live', 'GET'],
      ['DELETE', '/openapi.json', 'GET'],
    ] as const) {
      const answer = await ask({ method, path });
      expect([method, path, answer.status, answer.headers.allow]).toEqual([
        method,
        path,
        allow ? 405 : 404,
        allow,
      ]);
      expect((JSON.parse(answer.text) as ProblemBody).code).toBe(allow ? 'method_not_allowed' : 'not_found');
    }
  });
});
