import { isUtf8 } from 'node:buffer';

import type { FastifyInstance, FastifyRequest } from 'fastify';

import { pointerTo } from './pointer.js';
import { isRaw, rawBody } from './raw-body.js';
import { type Fault, Problem } from './problem.js';

const KIB = 1024;
/** A notification is a few kilobytes; a batch is up to a thousand of them. */
export const BODY_LIMIT_BYTES = 256 * KIB;
export const BATCH_BODY_LIMIT_BYTES = 5 * KIB * KIB;
/** Deeper JSON parses, and then breaks whoever walks it recursively. */
const MAX_DEPTH = 20;
/** What a batch adds around each notification: its object and its list. */
const BATCH_DEPTH = 2;
const MAX_FAULTS = 20;
/** What a text has that holds a forbidden name, or an escape that could spell one, a NUL or half a surrogate pair. */
const SUSPICIOUS = /\\u|__proto__|constructor|prototype/;
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);
// PostgreSQL stores neither NUL nor half a surrogate pair as text.
const UNSTORABLE = /\u0000|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** Teaches Fastify to read JSON the careful way: bounded, shallow, storable, without keys that reach a prototype. */
export function useCarefulJson(fastify: FastifyInstance, isLarge: (url: string) => boolean): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: BATCH_BODY_LIMIT_BYTES },
    (request, body, done) => {
      try {
        if (isRaw(request)) return done(null, rawBody(request, body as Buffer));
        refuseOtherEncodings(request);
        done(
          null,
          isLarge(request.url)
            ? parseJson(body as Buffer, BATCH_BODY_LIMIT_BYTES, MAX_DEPTH + BATCH_DEPTH)
            : parseJson(body as Buffer),
        );
      } catch (error) {
        done(error as Error);
      }
    },
  );
}

/** A body in another charset or compressed would be read as something that nobody wrote. */
function refuseOtherEncodings({ headers }: FastifyRequest): void {
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(headers['content-type'] ?? '')?.[1] ?? 'utf-8';
  if (!/^utf-?8$/i.test(charset)) throw new Problem('unsupported_media_type', 'Send the body in UTF-8.');
  if (!/^(identity)?$/i.test(headers['content-encoding'] ?? '')) {
    throw new Problem('unsupported_media_type', 'Send the body as it is, without a content-encoding.');
  }
}

/** Throws Problem `too_large`, `invalid_json` or `invalid_request`, naming every fault found. */
export function parseJson(body: Buffer, limitBytes = BODY_LIMIT_BYTES, maxDepth = MAX_DEPTH): unknown {
  if (body.length > limitBytes)
    throw new Problem('too_large', `The body may have at most ${limitBytes / KIB} KiB.`);
  if (body.length === 0) return undefined;
  // Bytes that are no text would all become the same replacement character, and different keys one.
  if (!isUtf8(body)) throw new Problem('invalid_json', 'The body is not UTF-8.');
  const text = body.toString('utf8');
  const value = parse(text);
  // UTF-8 has no half pairs and JSON no bare NUL: what names and escapes nothing suspicious can only be too deep.
  if (!SUSPICIOUS.test(text) && isWithin(value, maxDepth)) return value;
  const faults: Fault[] = [];
  inspect(value, '', maxDepth, faults);
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

/** Whether nothing is nested deeper than so many levels. */
function isWithin(value: unknown, levels: number): boolean {
  if (value === null || typeof value !== 'object') return true;
  if (levels === 0) return false;
  if (Array.isArray(value)) return value.every((item) => isWithin(item, levels - 1));
  for (const name in value) if (!isWithin((value as Record<string, unknown>)[name], levels - 1)) return false;
  return true;
}

/** `levels`: how many more may follow. */
function inspect(value: unknown, path: string, levels: number, faults: Fault[]): void {
  if (faults.length >= MAX_FAULTS) return;
  if (typeof value === 'string') {
    if (UNSTORABLE.test(value))
      faults.push({ path, message: 'holds a NUL character or half a surrogate pair' });
  } else if (value !== null && typeof value === 'object') {
    if (levels === 0) faults.push({ path, message: `is nested deeper than ${MAX_DEPTH} levels` });
    else if (Array.isArray(value))
      value.forEach((item, i) => inspect(item, `${path}/${i}`, levels - 1, faults));
    else inspectObject(value as Record<string, unknown>, path, levels, faults);
  }
}

function inspectObject(value: Record<string, unknown>, path: string, levels: number, faults: Fault[]): void {
  for (const key of Object.keys(value)) {
    if (faults.length >= MAX_FAULTS) return;
    if (FORBIDDEN_KEYS.has(key))
      faults.push({ path: path + pointerTo(key), message: 'is a name that is not allowed' });
    else if (UNSTORABLE.test(key))
      faults.push({ path, message: 'has a field name with a NUL character or half a surrogate pair' });
    else inspect(value[key], path + pointerTo(key), levels - 1, faults);
  }
}
