import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { BODY_LIMIT_BYTES } from '../platform/http/json-body.js';
import { HOOK_NAME_PATTERN, type HookCatcher } from './hook-catcher.js';

const NAME = new RegExp(HOOK_NAME_PATTERN);

/**
 * `POST /sandbox/hooks/{name}`, as a Fastify plugin with a body parser of its own: a signature is over the bytes as they
 * came, and the API's careful JSON reader gives those away. Register it on the root instance before it listens.
 */
export const hookRoutes =
  (catcher: HookCatcher) =>
  async (fastify: FastifyInstance): Promise<void> => {
    fastify.removeAllContentTypeParsers();
    fastify.addContentTypeParser(
      '*',
      { parseAs: 'string', bodyLimit: BODY_LIMIT_BYTES },
      (_request, body, done) => done(null, body),
    );
    fastify.post<{ Params: { name: string } }>('/sandbox/hooks/:name', (request, reply) =>
      take(catcher, request, reply),
    );
  };

async function take(
  catcher: HookCatcher,
  request: FastifyRequest<{ Params: { name: string } }>,
  reply: FastifyReply,
): Promise<unknown> {
  const { name } = request.params;
  if (!NAME.test(name)) return reply.status(404).send({ error: `A hook's name fits ${HOOK_NAME_PATTERN}` });
  const answer = await catcher.catch({
    name,
    url: `${request.protocol}://${request.host}${request.url}`,
    headers: pairsOf(request.raw.rawHeaders),
    body: typeof request.body === 'string' ? request.body : '',
  });
  switch (answer.kind) {
    case 'answer':
      return reply.status(answer.status).headers(answer.headers).send(answer.body);
    case 'hang':
      return reply.hijack();
    case 'drop':
      reply.hijack();
      request.raw.socket.destroy();
      return reply;
  }
}

function pairsOf(rawHeaders: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    pairs.push([rawHeaders[at]!.toLowerCase(), rawHeaders[at + 1]!]);
  }
  return pairs;
}
