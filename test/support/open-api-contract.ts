import { readFileSync } from 'node:fs';

import addFormats from 'ajv-formats';
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';

type Json = Record<string, unknown>;
interface Operation {
  operationId: string;
  responses: Record<string, { content?: Record<string, { schema?: Json }> }>;
}
export interface OpenApiDocument extends Json {
  paths: Record<string, Record<string, Operation>>;
}

/**
 * The OpenAPI Initiative's own schema for 3.1 (Apache-2.0), as published under its `$id`. Its one dynamic reference, to the
 * dialect of schemas, is made a plain one: Ajv resolves it to the whole document. Schemas are checked apart.
 */
const OFFICIAL = JSON.parse(
  readFileSync(new URL('openapi-3.1.schema.json', import.meta.url), 'utf8').replaceAll(
    '"$dynamicRef": "#meta"',
    '"$ref": "#/$defs/schema"',
  ),
) as Json;

const ajv = (): Ajv2020 =>
  addFormats.default(new Ajv2020({ allErrors: true, strict: false, formats: { 'media-range': true } }));

/** What the official schema says against it, and what of its own schemas is no JSON Schema. */
export function faultsOfDocument(document: OpenApiDocument): string[] {
  const official = ajv().compile(OFFICIAL);
  const faults = official(document) ? [] : (official.errors ?? []).map(say);
  const meta = ajv();
  return [
    ...faults,
    ...schemasIn(document).flatMap((schema) =>
      meta.validateSchema(schema) ? [] : (meta.errors ?? []).map(say),
    ),
  ];
}

/** Every schema of a body, an answer or a parameter. */
function schemasIn(node: unknown): Json[] {
  if (node === null || typeof node !== 'object') return [];
  return Object.entries(node).flatMap(([key, value]) =>
    key === 'schema' ? [value as Json] : schemasIn(value),
  );
}

/** Holds a running server's answers to its own document. */
export class OpenApiContract {
  /** Operations that have answered, as `get /v1/notifications 200`. */
  readonly seen = new Set<string>();

  constructor(private readonly document: OpenApiDocument) {}

  /** What is wrong with this answer; empty when the document foretold it. */
  faultsOf(
    method: string,
    path: string,
    answer: { status: number; contentType: string | undefined; body: unknown },
  ): string[] {
    const operation = this.document.paths[path]?.[method];
    if (!operation) return [`there is no ${method} ${path}`];
    const response = operation.responses[String(answer.status)];
    if (!response) return [`${answer.status} is not foretold`];
    this.seen.add(`${method} ${path} ${answer.status}`);
    if (!response.content)
      return answer.contentType === undefined ? [] : [`a body of ${answer.contentType} is not foretold`];
    const media = response.content[answer.contentType?.split(';')[0] ?? ''];
    if (!media) return [`${answer.contentType} is not foretold`];
    return media.schema === undefined ? [] : this.faultsOfBody(media.schema, answer.body);
  }

  private faultsOfBody(schema: Json, body: unknown): string[] {
    const validate = ajv().compile({ ...(closed(schema) as Json), components: this.document['components'] });
    return validate(body) ? [] : (validate.errors ?? []).map(say);
  }
}

/** The schema, refusing what it does not name: a field that nobody documents is a field that nobody may rely on. */
function closed(schema: unknown, isPart = false): unknown {
  if (Array.isArray(schema)) return schema.map((item) => closed(item, isPart));
  if (schema === null || typeof schema !== 'object') return schema;
  const entries = Object.entries(schema).map(
    ([key, value]) => [key, closed(value, key === 'allOf')] as const,
  );
  const isObject = ('properties' in schema && !('patternProperties' in schema)) || 'allOf' in schema;
  const isOpen = 'additionalProperties' in schema || isPart || !isObject;
  return { ...Object.fromEntries(entries), ...(isOpen ? {} : { unevaluatedProperties: false }) };
}

const say = (error: ErrorObject): string =>
  `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`;
