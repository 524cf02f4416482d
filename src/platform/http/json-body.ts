import type { FastifyInstance } from 'fastify';

import { type Fault, Problem } from './problem.js';

const KIB = 1024;
/** A notification is a few kilobytes; a batch is up to a thousand of them. */
export const BODY_LIMIT_BYTES = 256 * KIB;
export const BATCH_BODY_LIMIT_BYTES = 5 * KIB * KIB;
/** Deeper JSON parses, and then breaks whoever walks it recursively. */
const MAX_DEPTH = 20;
const MAX_FAULTS = 20;
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);
// PostgreSQL stores neither NUL nor half a surrogate pair as text.
// eslint-disable-next-line no-control-regex
const UNSTORABLE = /\u0000|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** Teaches Fastify to read JSON the careful way: bounded, shallow, storable, without keys that reach a prototype. */
export function useCarefulJson(fastify: FastifyInstance, isLarge: (url: string) => boolean): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(
    'application/json',
    { parseAs: 'string', bodyLimit: BATCH_BODY_LIMIT_BYTES },
    (request, body, done) => {
      const limit = isLarge(request.url) ? BATCH_BODY_LIMIT_BYTES : BODY_LIMIT_BYTES;
      try {
        done(null, parseJson(body as string, limit));
      } catch (error) {
        done(error as Error);
      }
    },
  );
}

/** Throws Problem `too_large`, `invalid_json` or `invalid_request`, naming every fault found. */
export function parseJson(text: string, limitBytes: number): unknown {
  if (text.length > limitBytes || Buffer.byteLength(text) > limitBytes) {
    throw new Problem('too_large', `The body may have at most ${limitBytes / KIB} KiB.`);
  }
  if (text === '') return undefined;
  const value = parse(text);
  const faults: Fault[] = [];
  inspect(value, '', 1, faults);
  if (faults.length > 0)
    throw new Problem('invalid_request', 'The body holds what cannot be stored.', { errors: faults });
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const where = /position \d+( \(line \d+ column \d+\))?/.exec((error as Error).message)?.[0];
    throw new Problem('invalid_json', `The body could not be read as JSON${where ? ` at ${where}` : ''}.`);
  }
}

function inspect(value: unknown, path: string, depth: number, faults: Fault[]): void {
  if (faults.length >= MAX_FAULTS) return;
  if (typeof value === 'string') {
    if (UNSTORABLE.test(value))
      faults.push({ path, message: 'holds a NUL character or half a surrogate pair' });
  } else if (value !== null && typeof value === 'object') {
    if (depth > MAX_DEPTH) faults.push({ path, message: `is nested deeper than ${MAX_DEPTH} levels` });
    else if (Array.isArray(value))
      value.forEach((item, i) => inspect(item, `${path}/${i}`, depth + 1, faults));
    else inspectObject(value as Record<string, unknown>, path, depth, faults);
  }
}

function inspectObject(value: Record<string, unknown>, path: string, depth: number, faults: Fault[]): void {
  for (const key of Object.keys(value)) {
    if (FORBIDDEN_KEYS.has(key))
      faults.push({ path: `${path}/${key}`, message: 'is a name that is not allowed' });
    else if (UNSTORABLE.test(key))
      faults.push({ path, message: 'has a field name with a NUL character or half a surrogate pair' });
    else inspect(value[key], `${path}/${key}`, depth + 1, faults);
  }
}
