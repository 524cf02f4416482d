import { setTimeout as pause } from 'node:timers/promises';

import { type Job, Queue, Worker } from 'bullmq';
import pg from 'pg';

import { answerParent, startArgument } from '../support/child-port.js';
import { SignedPost } from './signed-post.js';

/** The naive rest: an outbox polled every 100 ms, `add()` a row, one job a notification, read, POST, transaction. */
const POLL_MS = 100;
const BATCH = 100;
const CONCURRENCY = 50;

const { databaseUrl, redisPort, sink } = startArgument<{
  databaseUrl: string;
  redisPort: number;
  sink: string;
}>();
const connection = { host: '127.0.0.1', port: redisPort };
const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
const queue = new Queue('naive', { connection });
const post = new SignedPost(sink);
const failures: string[] = [];
let isStopping = false;
let relay = Promise.resolve();
let worker: Worker | undefined;

async function poll(): Promise<void> {
  while (!isStopping) {
    await publish();
    await pause(POLL_MS);
  }
}

async function publish(): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const { rows } = await client.query<{ id: string; notification_id: string }>(
      'SELECT id, notification_id FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED',
      [BATCH],
    );
    for (const { id, notification_id } of rows) {
      await queue.add('deliver', { id: notification_id }, { removeOnComplete: true, removeOnFail: true });
      await client.query('UPDATE outbox SET published_at = now() WHERE id = $1', [id]);
    }
    await client.query('COMMIT');
  } finally {
    client.release();
  }
}

async function deliver({ data: { id } }: Job<{ id: string }>): Promise<void> {
  const { rows } = await pool.query<{ type: string; data: object }>(
    'SELECT type, data FROM notifications WHERE id = $1',
    [id],
  );
  const status = await post.send(id, rows[0]!.type, rows[0]!.data);
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query(`UPDATE notifications SET status = 'delivered' WHERE id = $1`, [id]);
    await client.query('INSERT INTO attempts (notification_id, status) VALUES ($1, $2)', [id, status]);
    await client.query('COMMIT');
  } finally {
    client.release();
  }
}

answerParent({
  work: async () => {
    isStopping = false;
    relay = poll();
    worker = new Worker('naive', deliver, { connection, concurrency: CONCURRENCY });
    worker.on('failed', (_, error) => failures.push(error.message));
    await worker.waitUntilReady();
  },
  rest: async () => {
    isStopping = true;
    await relay;
    await worker?.close();
    return failures.splice(0);
  },
});
