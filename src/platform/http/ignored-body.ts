import type { FastifyInstance } from 'fastify';

import { Problem } from './problem.js';

/** A form of one field; more is somebody's mistake. */
const LIMIT_BYTES = 4 * 1024;
const FORMS = ['application/x-www-form-urlencoded', 'multipart/form-data'];

/** Lets forms pass where the request itself says all there is to say; elsewhere they are refused as before. */
export function ignoreForms(fastify: FastifyInstance, isIgnored: (url: string) => boolean): void {
  fastify.addContentTypeParser(
    FORMS,
    { parseAs: 'buffer', bodyLimit: LIMIT_BYTES },
    (request, _body, done) => {
      if (isIgnored(request.url)) done(null, undefined);
      else done(new Problem('unsupported_media_type', 'Send JSON, as application/json.'));
    },
  );
}
