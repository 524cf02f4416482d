import type { FastifyRequest } from 'fastify';

import { Problem } from './problem.js';

/** What vendors send to these paths is signed as bytes, in media types of their own choice (other-bodies.ts). */
const RAW_PATH = '/v1/callbacks/';
/** SendGrid gathers up to 768 KB of events; others send one at a time. */
export const RAW_LIMIT_BYTES = 1_024 * 1_024;

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
