import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';

import { fastify } from 'fastify';
import pg from 'pg';

import { answerParent, startArgument } from '../support/child-port.js';

interface Body {
  type: string;
  recipient: string;
  business_id: string;
  data: object;
}

/** The naive door: a transaction a request, two inserts in it. */
const { databaseUrl } = startArgument<{ databaseUrl: string }>();
const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
const server = fastify();

server.post<{ Body: Body }>('/v1/notifications', async ({ body }, reply) => {
  const id = randomUUID();
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query(
      'INSERT INTO notifications (id, type, recipient, business_id, data) VALUES ($1, $2, $3, $4, $5)',
      [id, body.type, body.recipient, body.business_id, body.data],
    );
    await client.query('INSERT INTO outbox (notification_id) VALUES ($1)', [id]);
    await client.query('COMMIT');
  } finally {
    client.release();
  }
  return reply.status(202).send({ id, status: 'accepted', duplicate: false });
});

answerParent({
  listen: async () => {
    await server.listen({ port: 0, host: '127.0.0.1' });
    return (server.server.address() as AddressInfo).port;
  },
});
