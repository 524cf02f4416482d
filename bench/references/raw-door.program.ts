import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';

import { Queue } from 'bullmq';
import { fastify } from 'fastify';

import { answerParent, startArgument } from '../support/child-port.js';

interface Body {
  type: string;
  data: object;
}

/** The raw queue behind a door of its own: a request is read, added, answered. Nothing is checked and nothing is kept. */
const { redisPort } = startArgument<{ redisPort: number }>();
const queue = new Queue('raw', { connection: { host: '127.0.0.1', port: redisPort } });
const OPTIONS = { removeOnComplete: true, removeOnFail: true };
const server = fastify();

server.post<{ Body: Body }>('/v1/notifications', async ({ body: { type, data } }, reply) => {
  const id = randomUUID();
  await queue.add('deliver', { id, type, data }, OPTIONS);
  return reply.status(202).send({ id, status: 'accepted', duplicate: false });
});

answerParent({
  listen: async () => {
    await server.listen({ port: 0, host: '127.0.0.1' });
    return (server.server.address() as AddressInfo).port;
  },
});
