import { readFileSync } from 'node:fs';

import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { GatesStore } from '../../../src/gates/gates.store.js';
import { FiguresReader } from '../../../src/overview/figures.reader.js';
import { DatabaseClock } from '../../../src/platform/clock/database-clock.js';
import { startApp, type TestApp } from '../../support/app.js';

describe('GET /metrics', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp();
  });

  afterAll(() => app.stop());

  const scrape = async (): Promise<string> => (await app.bare('get', '/metrics')).text;
  const mail = (n: number) => ({
    type: 'welcome',
    channel: 'email',
    recipient: `ada-${n}@example.com`,
    business_id: `b-${n}`,
    data: { name: 'Ada' },
  });

  it('shows what waits, what is dead, and what the door answered, by route and code', async () => {
    for (const n of [1, 2, 3]) expect((await app.send(mail(n))).status).toBe(202);
    await app.request('post', '/v1/notifications').send({ nonsense: true });
    await app.request('get', '/v1/nobody/ada@example.com');
    await app.pool.query(
      `INSERT INTO undelivered (notification_id, status, type, channel, provider, class, code)
       SELECT gen_random_uuid(), 'dead', 'welcome', 'email', 'mail', 'permanent', 'smtp_550' FROM generate_series(1, 4)`,
    );
    const text = await scrape();
    for (const line of [
      'posthaste_outbox_due{channel="email",lane="transactional"} 3',
      'posthaste_outbox_due{channel="sms",lane="bulk"} 0',
      'posthaste_dead_letters{channel="email",provider="mail",class="permanent"} 4',
      'posthaste_processes{role="api"} 1',
      'posthaste_accepted_total{result="accepted"} 3',
      'posthaste_problems_total{code="invalid_request"} 1',
      'posthaste_problems_total{code="not_found"} 1',
      'posthaste_http_request_duration_seconds_count{method="POST",route="/v1/notifications",status="202"} 3',
      'posthaste_http_request_duration_seconds_count{method="GET",route="none",status="404"} 1',
      'posthaste_pg_pool_waiting{pool="door"} 0',
    ])
      expect(text.split('\n')).toContain(line);
    expect(text).not.toContain('@example.com');
  });

  it('exposes what docs/metrics.md documents, and nothing else of ours', async () => {
    const exposed = [...(await scrape()).matchAll(/^# TYPE (posthaste_\w+) /gm)]
      .map(([, name]) => name!)
      .filter((name) => !/^posthaste_(process|nodejs)_/.test(name));
    const page = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');
    const documented = [...page.matchAll(/^\| `(posthaste_\w+)`/gm)].map(([, name]) => name!);
    expect(exposed.sort()).toEqual(documented.sort());
  });

  it('reads everything anew in one process at a time, however many ask', async () => {
    await app.pool.query(`UPDATE standings SET free_at = now()`);
    const said: string[] = [];
    const readers = Array.from({ length: 4 }, () => readerOf(app.databaseUrl, said));
    const found = await Promise.all(
      readers.flatMap(({ reader }) => [reader.read(), reader.read(), reader.read()]),
    );
    await Promise.all(readers.map(({ pool }) => pool.end()));
    expect(said.filter((name) => name === 'write_standing')).toHaveLength(1);
    expect(said.filter((name) => name === 'read_lanes')).toHaveLength(1);
    expect(found.filter((one) => one === undefined)).toEqual([]);
  });

  it('loses its turn when its process dies in it: the next one reads', async () => {
    await app.pool.query(`UPDATE standings SET free_at = now(), taken_at = NULL, content = NULL`);
    const said: string[] = [];
    const { reader, pool } = readerOf(app.databaseUrl, said);
    await pool.query(`UPDATE standings SET free_at = now() + interval '10 s' WHERE free_at <= now()`); // and it dies
    expect(await reader.read()).toBeUndefined();
    await pool.query(`UPDATE standings SET free_at = now()`); // ten seconds later
    expect((await reader.read())!.content.lanes).toHaveLength(6);
    await pool.end();
  });
});

/** As another process would have it. `said`: the names of its statements. */
function readerOf(url: string, said: string[]): { reader: FiguresReader; pool: pg.Pool } {
  const pool = new pg.Pool({ connectionString: url, max: 3 });
  const query = pool.query.bind(pool) as (...all: unknown[]) => unknown;
  pool.query = ((statement: { name?: string }, ...rest: unknown[]) => {
    if (typeof statement === 'object' && statement.name) said.push(statement.name);
    return query(statement, ...rest);
  }) as never;
  return { reader: new FiguresReader(pool, new GatesStore(pool), new DatabaseClock()), pool };
}
