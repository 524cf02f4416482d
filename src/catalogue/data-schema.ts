import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

import type { Fault } from '../platform/http/problem.js';
import { faultsOf } from '../platform/http/validator.js';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** A schema larger than the data it describes is a mistake. */
const MAX_BYTES = 64 * 1024;
const MAX_DEPTH = 20;
/** Every item is compared with every other: beyond this the caller decides how long we think. */
const MAX_UNIQUE_ITEMS = 1_000;
/** What would reach beyond the schema itself, or make a check wait for something. */
const FORBIDDEN = ['$id', '$anchor', '$dynamicRef', '$dynamicAnchor', '$async', '$vocabulary'];

/** Data that fits, or what is wrong with it. */
export type DataCheck = (data: unknown) => Fault[];

/**
 * Compiles the JSON Schema (2020-12) of a type's data. Bounded: it stands on its own, so `$ref` reaches only into itself.
 * Answers the sentences that say what is wrong with the schema, when something is.
 */
export function compileDataSchema(schema: JsonSchema): { check: DataCheck } | { faults: string[] } {
  const faults = boundsFaults(schema);
  if (faults.length > 0) return { faults };
  try {
    const validate = freshAjv().compile(schema);
    return { check: (data) => (validate(data) ? [] : faultsOf(validate, '/data')) };
  } catch (error) {
    return { faults: [(error as Error).message] };
  }
}

/** One a schema: what one defines is unknown to the others. Strict, so that a misspelt keyword is not ignored. */
const freshAjv = (): Ajv2020 =>
  addFormats.default(
    new Ajv2020({
      allErrors: true,
      verbose: true,
      strictTypes: false,
      strictRequired: false,
      strictTuples: false,
    }),
  );

function boundsFaults(schema: JsonSchema): string[] {
  if (Buffer.byteLength(JSON.stringify(schema)) > MAX_BYTES)
    return [`is larger than ${MAX_BYTES / 1024} KiB`];
  const faults: string[] = [];
  inspect(schema, '', MAX_DEPTH, faults);
  return faults;
}

function inspect(node: unknown, path: string, levels: number, faults: string[]): void {
  if (node === null || typeof node !== 'object') return;
  if (levels === 0) {
    faults.push(`${path} is nested deeper than ${MAX_DEPTH} levels`);
    return;
  }
  faults.push(...reachFaults(node as Record<string, unknown>, path));
  for (const [key, value] of Object.entries(node)) inspect(value, `${path}/${key}`, levels - 1, faults);
}

function reachFaults(node: Record<string, unknown>, path: string): string[] {
  const faults = FORBIDDEN.filter((word) => typeof node[word] === 'string' || node[word] === true).map(
    (word) => `${path}/${word} is not allowed`,
  );
  const ref = node['$ref'];
  if (typeof ref === 'string' && !ref.startsWith('#')) faults.push(`${path}/$ref may only begin with #`);
  const max = node['maxItems'];
  if (node['uniqueItems'] === true && !(typeof max === 'number' && max <= MAX_UNIQUE_ITEMS)) {
    faults.push(`${path}/uniqueItems needs maxItems of at most ${MAX_UNIQUE_ITEMS} beside it`);
  }
  return faults;
}
