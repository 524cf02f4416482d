import { readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';

import { ConfigError } from '../platform/config/config.js';
import type { FileConfig, TypeConfig } from '../platform/config/posthaste-file.js';
import { Problem } from '../platform/http/problem.js';
import { compileDataSchema, type DataCheck, type JsonSchema } from './data-schema.js';
import type { EventType } from './event-type.js';
import { OWN_TYPES } from './own-event-types.js';

/** Of the templates' folder. */
const SCHEMAS_FOLDER = '_schemas';

/**
 * The types there are, and what the data of each looks like. Promises: what it lets pass fits the schema that it shows.
 * Compiled once, at start. A type that is not configured may be sent all the same, with any data.
 */
export class TypeCatalogue {
  private constructor(
    private readonly types: readonly EventType[],
    private readonly checks: ReadonlyMap<string, DataCheck>,
  ) {}

  /** `folder`: the templates'. Throws ConfigError with every fault. */
  static load(file: Pick<FileConfig, 'types'>, folder: string): TypeCatalogue {
    const faults: string[] = [];
    const checks = new Map<string, DataCheck>();
    const types = [...file.types].map(([type, config]): EventType => {
      const schema = readSchema(type, config.schema, folder, faults);
      const check = schema && compile(type, schema, faults);
      if (check) checks.set(type, check);
      return { type, isOwn: false, description: config.description, schema, example: exampleIn(schema) };
    });
    if (faults.length > 0) throw new ConfigError(faults);
    return new TypeCatalogue(types, checks);
  }

  /** By name; the service's own at the end. */
  list(): readonly EventType[] {
    return [...[...this.types].sort((a, b) => (a.type < b.type ? -1 : 1)), ...OWN_TYPES];
  }

  /** Throws Problem `schema_mismatch`, naming every path at fault and repeating no value. */
  check(type: string, data: Readonly<Record<string, unknown>>): void {
    const errors = this.checks.get(type)?.(data) ?? [];
    if (errors.length === 0) return;
    throw new Problem('schema_mismatch', `The data does not fit the schema of ${type}.`, { errors });
  }
}

function readSchema(
  type: string,
  schema: TypeConfig['schema'],
  folder: string,
  faults: string[],
): JsonSchema | undefined {
  if (typeof schema !== 'string') return schema;
  const path = normalize(schema);
  if (path.startsWith('..') || path.startsWith('/')) {
    faults.push(`type ${type}: its schema must be a file in ${SCHEMAS_FOLDER}/ of the templates' folder`);
    return undefined;
  }
  try {
    const parsed: unknown = JSON.parse(readFileSync(join(folder, SCHEMAS_FOLDER, path), 'utf8'));
    if (parsed !== null && typeof parsed === 'object' && !Array.isArray(parsed)) return parsed as JsonSchema;
    faults.push(`type ${type}: ${path} is no JSON object`);
  } catch (error) {
    faults.push(`type ${type}: its schema ${path} cannot be read: ${(error as Error).message}`);
  }
  return undefined;
}

function compile(type: string, schema: JsonSchema, faults: string[]): DataCheck | undefined {
  const compiled = compileDataSchema(schema);
  if ('faults' in compiled) {
    faults.push(...compiled.faults.map((fault) => `type ${type}: its schema ${fault}`));
    return undefined;
  }
  const example = exampleIn(schema);
  const misfits = example === undefined ? [] : compiled.check(example);
  faults.push(
    ...misfits.map(({ path, message }) => `type ${type}: its example does not fit: ${path} ${message}`),
  );
  return compiled.check;
}

const exampleIn = (schema: JsonSchema | undefined): unknown =>
  Array.isArray(schema?.['examples']) ? (schema['examples'] as unknown[])[0] : undefined;
