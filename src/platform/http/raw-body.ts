import type { FastifyInstance, FastifyRequest } from 'fastify';

import { Problem } from './problem.js';

/** What vendors send to these paths is signed as bytes, in media types of their own choice. */
const RAW_PATH = '/v1/callbacks/';
const MEDIA_TYPES = ['application/x-www-form-urlencoded', 'text/plain'];
/** SendGrid gathers up to 768 KB of events; others send one at a time. */
const RAW_LIMIT_BYTES = 1_024 * 1_024;

/** By the route that was found, not by the URL: that may be spelt in many ways. */
export const isRaw = (request: FastifyRequest): boolean =>
  request.routeOptions.url?.startsWith(RAW_PATH) === true;

/** The bytes as they came, or a Problem. */
export function rawBody({ headers }: FastifyRequest, body: Buffer): Buffer {
  if (!/^(identity)?$/i.test(headers['content-encoding'] ?? ''))
    throw new Problem('unsupported_media_type', 'Send the body as it is, without a content-encoding.');
  if (body.length > RAW_LIMIT_BYTES)
    throw new Problem('too_large', `The body may have at most ${RAW_LIMIT_BYTES / 1_024} KiB.`);
  return body;
}

/** Takes the vendors' media types there, and nowhere else. */
export function useRawBodies(fastify: FastifyInstance): void {
  fastify.addContentTypeParser(
    MEDIA_TYPES,
    { parseAs: 'buffer', bodyLimit: RAW_LIMIT_BYTES },
    (request, body, done) => {
      try {
        if (!isRaw(request))
          throw new Problem('unsupported_media_type', 'Send the body as application/json.');
        done(null, rawBody(request, body as Buffer));
      } catch (error) {
        done(error as Error);
      }
    },
  );
}
