import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';

import { Problem, type ProblemDetails } from './problem.js';

const TYPE = 'application/problem+json; charset=utf-8';
/** Of a path that is wrong by its length, enough to recognise it. */
const MAX_INSTANCE = 200;

/** What Fastify's router refuses before any route is asked: no filter of ours would see it. */
export function answerUnroutable(
  error: FastifyError,
  request: Pick<FastifyRequest, 'url'>,
  reply: Pick<FastifyReply, 'raw'>,
): void {
  const problem =
    error.code === 'FST_ERR_MAX_PARAM_LENGTH'
      ? new Problem('not_found', 'There is nothing with an id of this length.')
      : new Problem('invalid_request', 'The path is not a valid URL.');
  const details = problem.toDetails(request.url.split('?')[0]!.slice(0, MAX_INSTANCE));
  reply.raw.writeHead(problem.status, { 'content-type': TYPE }).end(JSON.stringify(details));
}

/** What Node's parser refuses: no HTTP, headers beyond 16 KiB, a request that never ends. The connection is closed behind it. */
export function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code !== 'ECONNRESET' && socket.writable) {
    const details = unreadable(error.code);
    const body = JSON.stringify(details);
    const head = [
      `HTTP/1.1 ${details.status} ${STATUS_CODES[details.status]}`,
      `content-type: ${TYPE}`,
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  }
  socket.destroy(error);
}

function unreadable(code: string | undefined): ProblemDetails {
  const refusal = (status: number, problem: Problem): ProblemDetails => ({
    ...problem.toDetails('/'),
    status,
  });
  if (code === 'HPE_HEADER_OVERFLOW')
    return refusal(431, new Problem('too_large', 'The headers are larger than 16 KiB.'));
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return refusal(408, new Problem('invalid_request', 'The request did not come to its end.'));
  return refusal(400, new Problem('invalid_request', 'The request could not be read as HTTP.'));
}
