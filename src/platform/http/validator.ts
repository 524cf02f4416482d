import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import type { TSchema } from 'typebox';

import { didYouMean } from '../config/did-you-mean.js';
import { isTime } from './time.js';
import { pointerTo } from './pointer.js';
import { type Fault, Problem } from './problem.js';

/** Bodies are taken as they are; queries are all strings and are coerced. */
const bodies = withFormats(new Ajv({ allErrors: true, verbose: true, strict: false }));
const queries = withFormats(new Ajv({ allErrors: true, verbose: true, strict: false, coerceTypes: true }));

/** More would be an answer larger than the question. */
const MAX_FAULTS = 20;

export type Check = (value: unknown) => void;

/** A check that throws Problem `invalid_request` with every fault at once. */
export const compileBody = (schema: TSchema): Check => checkWith(compiled(bodies, schema));
export const compileQuery = (schema: TSchema): Check => checkWith(compiled(queries, schema));

/** The faults themselves, for items of a batch. */
export function compileFaults(schema: TSchema): (value: unknown) => Fault[] {
  const compile = compiled(bodies, schema);
  return (value) => {
    const validate = compile();
    return validate(value) ? [] : faultsOf(validate, '');
  };
}

/** Once, by the first that is checked: a process answers few of its routes, and each compiled one stays in memory. */
function compiled(ajv: Ajv, schema: TSchema): () => ValidateFunction {
  let validate: ValidateFunction | undefined;
  return () => (validate ??= ajv.compile(schema));
}

function checkWith(compile: () => ValidateFunction): Check {
  return (value) => {
    const validate = compile();
    if (!validate(value ?? {})) {
      throw new Problem('invalid_request', 'Some fields are missing or wrong; each is named in `errors`.', {
        errors: faultsOf(validate, ''),
      });
    }
  };
}

/** The usual formats, and ours in place of a `date-time` that lets pass what nobody can store. */
function withFormats(ajv: Ajv): Ajv {
  return addFormats.default(ajv).addFormat('date-time', isTime);
}

/** What the last check found, at most twenty, each once. `root`: where in the request the checked value stands. */
export function faultsOf(validate: ValidateFunction, root: string): Fault[] {
  const byPath = new Map<string, Fault>();
  for (const error of validate.errors ?? []) {
    if (byPath.size >= MAX_FAULTS) break; // a body of a thousand faults costs no more than one of twenty
    const fault = toFault(error, root);
    byPath.set(`${fault.path} ${fault.message}`, fault);
  }
  return [...byPath.values()];
}

function toFault(error: ErrorObject, root: string): Fault {
  const path = root + error.instancePath;
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'required':
      return { path: path + pointerTo(String(params['missingProperty'])), message: 'is required' };
    case 'additionalProperties':
      return unknownField(error, path, String(params['additionalProperty']));
    case 'enum':
      return { path, message: `must be one of ${(params['allowedValues'] as unknown[]).join(', ')}` };
    case 'pattern':
      return { path, message: describedPattern(error) };
    case 'format':
      return {
        path,
        message:
          params['format'] === 'date-time' ? 'must be a time, as 2026-11-22T09:00:00Z' : error.message!,
      };
    default:
      return { path: path || '/', message: error.message ?? 'is wrong' };
  }
}

function unknownField(error: ErrorObject, path: string, name: string): Fault {
  const known = Object.keys((error.parentSchema as { properties?: object }).properties ?? {});
  const near = didYouMean(name, known);
  return {
    path: path + pointerTo(name),
    message: `is not a known field${near ? `: did you mean ${near}?` : ''}`,
  };
}

const describedPattern = (error: ErrorObject): string => {
  const description = (error.parentSchema as { description?: string } | undefined)?.description;
  return description
    ? `must be: ${description}`
    : `must match ${String((error.params as { pattern: string }).pattern)}`;
};
