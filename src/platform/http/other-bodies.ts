import type { FastifyInstance, FastifyRequest } from 'fastify';

import { Problem } from './problem.js';
import { isRaw, RAW_LIMIT_BYTES, rawBody } from './raw-body.js';

/** A form of one field, where it is passed over; more is somebody's mistake. */
const IGNORED_LIMIT_BYTES = 4 * 1_024;
const OTHERS = ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'];

/**
 * Bodies that are no JSON: kept as bytes where a vendor signs them, passed over (forms only) where the request itself says
 * all there is to say, refused elsewhere.
 */
export function useOtherBodies(fastify: FastifyInstance, isIgnored: (url: string) => boolean): void {
  fastify.addContentTypeParser(
    OTHERS,
    { parseAs: 'buffer', bodyLimit: RAW_LIMIT_BYTES },
    (request, body, done) => {
      try {
        done(null, isRaw(request) ? rawBody(request, body as Buffer) : ignored(request, body, isIgnored));
      } catch (error) {
        done(error as Error);
      }
    },
  );
}

function ignored(
  { url, headers }: FastifyRequest,
  body: string | Buffer,
  isIgnored: (url: string) => boolean,
): undefined {
  const isForm = !/^\s*text\//i.test(headers['content-type'] ?? '');
  if (!isForm || !isIgnored(url))
    throw new Problem('unsupported_media_type', 'Send JSON, as application/json.');
  if (body.length > IGNORED_LIMIT_BYTES)
    throw new Problem('too_large', 'A form of one field is enough here.');
  return undefined;
}
