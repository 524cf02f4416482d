import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { IdempotentRequests } from '../../../src/platform/http/idempotent-requests.js';
import { Problem } from '../../../src/platform/http/problem.js';
import { startApp, type TestApp } from '../../support/app.js';

describe('a request with an Idempotency-Key', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.stop());

  /** Fails so the first time, and would make it the second time. How often it was asked to make it. */
  async function triesAfter(failure: Error): Promise<{ tries: number; second: unknown }> {
    const requests = app.posthaste.app.get(IdempotentRequests, { strict: false });
    const request = { apiKeyId: 'test', key: randomUUID(), route: 'POST /v1/things', body: {} };
    let tries = 0;
    const create = async (): Promise<string> => {
      if (++tries === 1) throw failure;
      return 'made';
    };
    await expect(requests.run(request, create)).rejects.toBe(failure);
    const second = await requests.run(request, create).catch((error: unknown) => error);
    return { tries, second };
  }

  it.each([
    ['a refusal', new Problem('not_found', 'There is no such thing.')],
    ['a fault of ours', new Error('a bug')],
    ['a row that PostgreSQL refused', Object.assign(new Error('duplicate key'), { code: '23505' })],
    ['a deadlock', Object.assign(new Error('deadlock detected'), { code: '40P01' })],
    ['a lock that did not come', Object.assign(new Error('lock timeout'), { code: '55P03' })],
    ['no connection', new Error('timeout exceeded when trying to connect')],
    ['nobody there', Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })],
  ])('makes it the next time after %s', async (_, failure) => {
    expect(await triesAfter(failure)).toEqual({ tries: 2, second: 'made' });
  });

  it.each([
    ['an answer that did not come in time', new Error('Query read timeout')],
    ['a connection that was lost', new Error('Connection terminated unexpectedly')],
    ['a reset', Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })],
    ['a server that was shut down', Object.assign(new Error('terminating connection'), { code: '57P01' })],
  ])('makes nothing twice after %s: it may have been made', async (_, failure) => {
    const { tries, second } = await triesAfter(failure);
    expect(tries).toBe(1);
    expect(second).toMatchObject({ code: 'wrong_state' });
  });
});
