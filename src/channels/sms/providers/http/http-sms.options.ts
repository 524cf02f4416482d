import { type Static, Type } from 'typebox';

import { readSafeUrl } from '../../../http-url.js';
import type { AnswerReading } from './http-sms-answer.js';
import { JSON_POINTER_PATTERN } from './json-pointer.js';
import { BODY_TYPES, type BodyType, RequestBody } from './request-body.js';

const Statuses = (description: string) =>
  Type.Optional(Type.Array(Type.Integer({ minimum: 200, maximum: 599 }), { uniqueItems: true, description }));
const Pointer = (description: string) =>
  Type.Optional(Type.String({ pattern: JSON_POINTER_PATTERN, maxLength: 256, description }));
const oneOf = <const T extends readonly string[]>(values: T, description: string) =>
  Type.Optional(Type.Unsafe<T[number]>({ type: 'string', enum: [...values], description }));

/** RFC 9110 §5.6.2. */
const HEADER_NAME = "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$";

/** What `posthaste.yaml` says about a provider of kind `http-sms` beyond the common fields. */
export const HttpSmsOptions = Type.Object(
  {
    url: Type.String({ pattern: '^https?://', description: 'https, or http within this machine.' }),
    method: oneOf(['POST', 'PUT'], 'Default: POST.'),
    content_type: oneOf(BODY_TYPES, 'What body makes. Default: json.'),
    body: Type.String({
      minLength: 1,
      maxLength: 10_000,
      description: 'Liquid, with to, text, id and from.',
    }),
    headers: Type.Optional(
      Type.Record(
        Type.String({ pattern: HEADER_NAME }),
        Type.String({ pattern: '^[\\t -~]{0,1000}$', description: 'Secrets from ${ENV}.' }),
        { additionalProperties: false },
      ),
    ),
    id_header: Type.Optional(
      Type.String({ pattern: HEADER_NAME, description: 'Carries the id, as Idempotency-Key.' }),
    ),
    from: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: '{{ from }} in body.' })),
    success_status: Statuses('Default: every 2xx.'),
    throttle_status: Statuses('All texts are put off. Default: 429.'),
    reject_status: Statuses('This text is refused for good. Default: 400, 413, 422.'),
    message_id_path: Pointer('Where a success has the provider’s id. A success without it is in doubt.'),
    error_path: Pointer('Where a failure has its words. Default: they are not kept.'),
    is_idempotent: Type.Optional(
      Type.Boolean({ description: 'The provider sends one id once. Default: false.' }),
    ),
  },
  { additionalProperties: false },
);

export interface HttpSmsSettings {
  /** Scheme, host and port. */
  origin: string;
  path: string;
  method: 'POST' | 'PUT';
  body: RequestBody;
  from: string | undefined;
  headers: Record<string, string>;
  idHeader: string | undefined;
  reading: AnswerReading;
  /** What must appear in no outcome. */
  secrets: readonly string[];
}

const CONTENT_TYPE: Record<BodyType, string> = {
  json: 'application/json',
  form: 'application/x-www-form-urlencoded',
};
const DEFAULT_THROTTLE = [429];
const DEFAULT_REJECT = [400, 413, 422];
/** Ours, or the connection's. */
const NOT_THEIRS =
  /^(content-type|content-length|transfer-encoding|connection|host|expect|upgrade|keep-alive)$/;
/** Shorter, and hiding it hides half of what a provider says. */
const SHORTEST_SECRET = 4;

/** Throws an Error that names the option and what is wanted. */
export function readHttpSmsOptions(options: Record<string, unknown>): HttpSmsSettings {
  const raw = options as Static<typeof HttpSmsOptions>;
  const url = readSafeUrl('url', raw.url);
  const type = raw.content_type ?? 'json';
  const body = new RequestBody(raw.body, type, raw.from);
  if (raw.is_idempotent === true && raw.id_header === undefined && !carriesKey(body)) {
    throw new Error('is_idempotent needs {{ key }} or {{ id }} in body, or id_header');
  }
  return {
    origin: url.origin,
    path: url.pathname + url.search,
    method: raw.method ?? 'POST',
    body,
    from: raw.from,
    headers: {
      accept: 'application/json',
      ...readHeaders(raw.headers ?? {}),
      'content-type': CONTENT_TYPE[type],
    },
    idHeader: raw.id_header === undefined ? undefined : readHeaderName('id_header', raw.id_header),
    reading: readReading(raw),
    secrets: secretsOf(url, raw.headers ?? {}),
  };
}

function readReading(raw: Static<typeof HttpSmsOptions>): AnswerReading {
  const success = raw.success_status;
  const throttle = raw.throttle_status ?? without(DEFAULT_THROTTLE, success, raw.reject_status);
  const reject = raw.reject_status ?? without(DEFAULT_REJECT, success, raw.throttle_status);
  const isSuccess = (status: number): boolean =>
    success === undefined ? status >= 200 && status < 300 : success.includes(status);
  const twofold = [
    ...throttle.filter((one) => reject.includes(one)),
    ...[...throttle, ...reject].filter(isSuccess),
  ];
  if (twofold.length > 0) {
    throw new Error(`success_status, throttle_status and reject_status must not share ${twofold[0]}`);
  }
  return {
    isSuccess,
    throttle: new Set(throttle),
    reject: new Set(reject),
    messageIdPath: raw.message_id_path,
    errorPath: raw.error_path,
    isIdempotent: raw.is_idempotent ?? false,
  };
}

/** A default yields to what is listed. */
const without = (defaults: number[], ...listed: (number[] | undefined)[]): number[] =>
  defaults.filter((status) => !listed.flat().includes(status));

const readHeaders = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [readHeaderName('headers', name), value]),
  );

function readHeaderName(option: string, name: string): string {
  if (NOT_THEIRS.test(name.toLowerCase())) throw new Error(`${option} must not set ${name.toLowerCase()}`);
  return name.toLowerCase();
}

/** `Bearer abc` is hidden as a whole and as `abc`; gateways also take keys in the query. */
function secretsOf(url: URL, headers: Record<string, string>): string[] {
  const values = Object.values(headers).flatMap((value) => [value, ...value.split(/\s+/)]);
  return [...values, ...url.searchParams.values()].filter((value) => value.length >= SHORTEST_SECRET);
}

const carriesKey = (body: RequestBody): boolean => body.dependsOn('key') || body.dependsOn('id');
