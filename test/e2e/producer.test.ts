import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';

import pg from 'pg';
import ts from 'typescript';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { forwardOnce } from '../../docs/examples/producer/forwarder.js';
import { startApp, type TestApp } from '../support/app.js';
import { HookSink } from '../support/hook-sink.js';
import { createDatabase, type TestDatabase } from '../support/postgres.js';
import { ROOT } from '../support/service-process.js';
import { waitFor } from '../support/wait-for.js';

const EXAMPLE = join(ROOT, 'docs/examples/producer');
/** What keeps the DELETE, or the COMMIT behind it, from ending while a test holds the lock of this number. */
const BARRIER = 4_711;
const barrier = (when: string): string => `
  CREATE OR REPLACE FUNCTION wait_for_test() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_advisory_xact_lock_shared(${BARRIER}); RETURN NULL; END $$;
  CREATE CONSTRAINT TRIGGER barrier AFTER DELETE ON notification_outbox
    DEFERRABLE INITIALLY ${when} FOR EACH ROW EXECUTE FUNCTION wait_for_test()`;

/** Between forwarder and service: passes on, or answers itself, or keeps a request or its answer. */
class Between {
  requests = 0;
  /** Requests, or answers, that are kept. */
  kept = 0;
  act: 'pass' | 'keep_request' | 'keep_answer' | { status: number; headers?: Record<string, string> } =
    'pass';

  private constructor(
    private readonly server: Server,
    private readonly to: string,
  ) {}

  static async start(to: string): Promise<Between> {
    const server = createServer();
    const between = new Between(server, to);
    server.on('request', (request, response) => void between.take(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return between;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as { port: number }).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests++;
    const { act } = this;
    const body: Buffer[] = [];
    for await (const chunk of request) body.push(chunk as Buffer);
    if (act === 'keep_request') return void this.kept++;
    if (typeof act === 'object') return void response.writeHead(act.status, act.headers).end('{}');
    const answer = await fetch(this.to + request.url, {
      method: 'POST',
      headers: { authorization: request.headers.authorization!, 'content-type': 'application/json' },
      body: Buffer.concat(body),
    });
    const text = await answer.text();
    if (act === 'keep_answer') return void this.kept++;
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text);
  }
}

describe('docs/producers.md: an outbox of the caller’s own', () => {
  let app: TestApp;
  let sink: HookSink;
  let to: string;
  let caller: TestDatabase;
  let pool: pg.Pool;
  let between: Between;
  let folder: string;
  const forwarders = new Set<ChildProcess>();

  beforeAll(async () => {
    // Beside the build, so that it finds the packages it imports.
    folder = join(ROOT, 'dist', `producer-${process.pid}`);
    mkdirSync(folder, { recursive: true });
    const source = readFileSync(join(EXAMPLE, 'forwarder.ts'), 'utf8');
    const { outputText } = ts.transpileModule(source, {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
    });
    writeFileSync(join(folder, 'forwarder.mjs'), outputText);
    sink = await HookSink.start();
    app = await startApp({ roles: 'api,relay,worker' });
    const { body } = await app
      .request('post', '/v1/endpoints')
      .send({ url: sink.url(), types: ['none.*'] })
      .expect(201);
    to = body.id as string;
  });
  afterAll(async () => {
    await app.stop();
    await sink.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    caller = await createDatabase();
    pool = new pg.Pool({ connectionString: caller.url, max: 3 });
    pool.on('error', () => undefined);
    await pool.query(readFileSync(join(EXAMPLE, 'outbox.sql'), 'utf8'));
    await pool.query('CREATE TABLE orders (id text PRIMARY KEY)');
    between = await Between.start(app.url);
  });
  afterEach(async () => {
    await Promise.all([...forwarders].map(kill));
    await between.stop();
    await pool.end();
    await caller.drop();
  });

  let number = 0;
  const request = (order: string, more: object = {}) => ({
    type: 'order.shipped',
    recipient: 'ada',
    business_id: order,
    channel: 'webhook',
    to,
    data: { order },
    ...more,
  });
  /** As a product service does: the order and what is to be said of it, in one transaction. */
  const ship = async (more: object = {}, end: 'COMMIT' | 'ROLLBACK' = 'COMMIT'): Promise<string> => {
    const order = `order-${++number}`;
    const tx = await pool.connect();
    await tx.query('BEGIN');
    await tx.query('INSERT INTO orders VALUES ($1)', [order]);
    await tx.query('INSERT INTO notification_outbox (request) VALUES ($1)', [
      JSON.stringify(request(order, more)),
    ]);
    await tx.query(end);
    tx.release();
    return order;
  };
  const begin = (): ChildProcess => {
    const child = spawn(process.execPath, [join(folder, 'forwarder.mjs')], {
      stdio: 'inherit',
      env: {
        PATH: process.env['PATH'],
        DATABASE_URL: caller.url,
        POSTHASTE_URL: between.url,
        POSTHASTE_API_KEY: app.apiKey,
      },
    });
    forwarders.add(child);
    child.once('exit', () => forwarders.delete(child));
    return child;
  };
  const kill = async (child: ChildProcess): Promise<void> => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  };
  const owed = async (): Promise<{ refused: boolean; code: string | null }[]> =>
    (
      await pool.query(
        `SELECT refused_at IS NOT NULL AS refused, answer ->> 'code' AS code FROM notification_outbox ORDER BY id`,
      )
    ).rows;
  const once = () => forwardOnce(pool, { url: between.url, apiKey: app.apiKey });
  const arrivals = (orders: readonly string[]): number[] =>
    orders.map((order) => sink.arrivals.filter(({ body }) => JSON.parse(body).data.order === order).length);
  const expectEachOnce = async (orders: readonly string[]): Promise<void> => {
    await waitFor(async () => (await owed()).length === 0, { what: 'an empty outbox' });
    await waitFor(() => arrivals(orders).every((times) => times > 0), { what: 'every delivery' });
    expect(arrivals(orders)).toEqual(orders.map(() => 1));
    const { rows } = await app.pool.query(
      `SELECT count(*)::integer AS count FROM notifications WHERE business_id = ANY ($1)`,
      [orders],
    );
    expect(rows).toEqual([{ count: orders.length }]);
  };

  it('sends what was committed, and nothing of what was rolled back', async () => {
    const orders = [await ship(), await ship()];
    const undone = await ship({}, 'ROLLBACK');
    expect(await once()).toEqual({ taken: 2, refused: 0, put_off: 0, pauseMs: 0 });
    await expectEachOnce(orders);
    expect(arrivals([undone])).toEqual([0]);
  });

  it.each([
    ['its request never arrived', 'keep_request', undefined],
    ['the service took it, and the answer was lost', 'keep_answer', undefined],
    ['it knows the answer, and has deleted nothing', 'pass', 'IMMEDIATE'],
    ['it has deleted, and not committed', 'pass', 'DEFERRED'],
  ] as const)(
    'killed when %s: the next one sends the same again, and it arrives once',
    async (_, act, trigger) => {
      between.act = act;
      const orders = await Promise.all(Array.from({ length: 5 }, () => ship()));
      const holder = await pool.connect();
      if (trigger) {
        await holder.query(barrier(trigger));
        await holder.query('SELECT pg_advisory_lock($1)', [BARRIER]);
      }
      const first = begin();
      await waitFor(async () => (trigger ? await isHeld() : between.kept === 1), {
        what: 'the point of its death',
      });
      await kill(first);
      await holder.query('SELECT pg_advisory_unlock_all()');
      holder.release();
      between.act = 'pass';
      begin();
      await expectEachOnce(orders);
    },
  );

  const isHeld = async (): Promise<boolean> =>
    (await pool.query(`SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`)).rowCount === 1;

  it('shares what is due among several, and each arrives once', async () => {
    const orders = await Promise.all(Array.from({ length: 300 }, () => ship()));
    for (let i = 0; i < 3; i++) begin();
    await expectEachOnce(orders);
  });

  it('keeps what the service refuses for a person, with its answer, and goes on with the rest', async () => {
    const known = await ship();
    await once();
    await pool.query('INSERT INTO notification_outbox (request) VALUES ($1)', [
      JSON.stringify(request(known, { data: { order: 'another' } })),
    ]);
    await ship({ channel: 'pigeon' });
    await ship({ data: { order: 'x'.repeat(70_000) } });
    const fine = await ship();
    expect(await once()).toEqual({ taken: 1, refused: 3, put_off: 0, pauseMs: 0 });
    expect(await owed()).toEqual([
      { refused: true, code: 'idempotency_conflict' },
      { refused: true, code: 'invalid_request' },
      { refused: true, code: expect.stringMatching(/^(too_large|invalid_request)$/) },
    ]);
    expect(await once()).toEqual({ taken: 0, refused: 0, put_off: 0, pauseMs: 0 });
    await waitFor(() => arrivals([known, fine]).every((times) => times === 1), { what: 'both' });
  });

  it('finds the one that spoils a batch for all', async () => {
    const orders = [await ship(), await ship()];
    let deep: object = {};
    for (let i = 0; i < 30; i++) deep = { deep };
    await ship({ data: deep });
    expect(await once()).toMatchObject({ taken: 2, refused: 1 });
    expect(await owed()).toMatchObject([{ refused: true }]);
    await waitFor(() => arrivals(orders).every((times) => times === 1), { what: 'the others' });
  });

  it.each([
    [503, { 'retry-after': '7' }, 7_000],
    [429, { 'retry-after': '2' }, 2_000],
    [500, undefined, 0],
    [401, undefined, 0],
  ] as const)('keeps everything at %i, and waits as it is asked', async (status, headers, pauseMs) => {
    const orders = [await ship(), await ship()];
    between.act = { status, ...(headers ? { headers } : {}) };
    expect(await once()).toEqual({ taken: 0, refused: 0, put_off: 2, pauseMs });
    expect(await owed()).toEqual([
      { refused: false, code: null },
      { refused: false, code: null },
    ]);
    between.act = 'pass';
    begin();
    await expectEachOnce(orders);
  });
});
