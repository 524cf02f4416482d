import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { compileDataSchema, type JsonSchema } from '../../../src/catalogue/data-schema.js';
import { OWN_TYPES } from '../../../src/catalogue/own-event-types.js';
import { TypeCatalogue } from '../../../src/catalogue/type-catalogue.js';
import { ConfigError } from '../../../src/platform/config/config.js';
import { parsePosthasteFile } from '../../../src/platform/config/posthaste-file.js';

const faultsOf = (schema: JsonSchema): string[] => {
  const compiled = compileDataSchema(schema);
  return 'faults' in compiled ? compiled.faults : [];
};
const deep = (levels: number): JsonSchema => (levels === 0 ? {} : { not: deep(levels - 1) });

describe('the schema of a type', () => {
  it.each([
    ['a remote reference', { $ref: 'https://schemas.example.com/order.json' }, '$ref may only begin with #'],
    ['a reference to a file', { properties: { a: { $ref: 'other.json#/x' } } }, '/properties/a/$ref'],
    ['a reference to nothing', { $ref: '#/$defs/none' }, "can't resolve reference"],
    ['a name of its own', { $id: 'https://example.com/a' }, '$id is not allowed'],
    ['a check that waits', { $async: true, type: 'object' }, '$async is not allowed'],
    ['a misspelt keyword', { type: 'object', requird: ['a'] }, 'requird'],
    ['what is no schema', { type: 'objekt' }, 'type'],
    [
      'a broken pattern',
      { properties: { a: { type: 'string', pattern: '(' } } },
      'Invalid regular expression',
    ],
    ['a format nobody knows', { properties: { a: { type: 'string', format: 'colour' } } }, 'colour'],
    ['a nest', deep(30), 'nested deeper than 20 levels'],
    ['a wall of text', { description: 'x'.repeat(70_000) }, 'larger than 64 KiB'],
    [
      'a comparison of everything with everything',
      { properties: { a: { type: 'array', uniqueItems: true } } },
      'uniqueItems needs maxItems',
    ],
  ])('may not hold %s', (_, schema, fault) => {
    expect(faultsOf(schema).join('\n')).toContain(fault);
  });

  it('may refer to itself, and use the usual formats', () => {
    const schema = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: { at: { type: 'string', format: 'date-time' }, child: { $ref: '#' } },
      additionalProperties: false,
    };
    const compiled = compileDataSchema(schema);
    if ('faults' in compiled) throw new Error(compiled.faults.join());
    expect(compiled.check({ at: '2026-11-22T09:00:00Z', child: { child: {} } })).toEqual([]);
    expect(compiled.check({ child: { child: { x: 1 } } })).toEqual([
      { path: '/data/child/child/x', message: 'is not a known field' },
    ]);
  });

  it('answers data with a thousand faults with twenty of them', () => {
    const compiled = compileDataSchema({ type: 'object', additionalProperties: { type: 'string' } });
    const data = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`a${i}`, i]));
    expect('check' in compiled && compiled.check(data)).toHaveLength(20);
  });
});

describe('the catalogue', () => {
  const load = (yaml: string, folder = '/nowhere'): TypeCatalogue => {
    const { file, faults } = parsePosthasteFile(yaml, {});
    expect(faults).toEqual([]);
    return TypeCatalogue.load(file, folder);
  };
  const faultsIn = (yaml: string, folder?: string): string => {
    try {
      load(yaml, folder);
      return '';
    } catch (error) {
      if (error instanceof ConfigError) return error.faults.join('\n');
      throw error;
    }
  };

  it('names the faults of every type at once', () => {
    const faults = faultsIn(`types:
  a: { schema: { type: objekt } }
  b: { schema: none.json }
  c: { schema: ../../etc/passwd }
  d: { schema: { type: object, properties: { n: { type: integer } }, examples: [{ n: x }] } }
`);
    expect(faults).toMatch(/^type a: its schema /m);
    expect(faults).toMatch(/^type b: its schema none.json cannot be read/m);
    expect(faults).toMatch(/^type c: its schema must be a file in _schemas\//m);
    expect(faults).toMatch(/^type d: its example does not fit: \/data\/n must be integer/m);
  });

  it('reads a schema from a file, and refuses one that is no object', () => {
    const folder = mkdtempSync(join(tmpdir(), 'posthaste-catalogue-'));
    mkdirSync(join(folder, '_schemas'));
    writeFileSync(join(folder, '_schemas/a.json'), '{"type":"object","required":["n"]}');
    writeFileSync(join(folder, '_schemas/b.json'), '[]');
    try {
      const catalogue = load('types: { a: { schema: a.json } }', folder);
      expect(() => catalogue.check('a', {})).toThrow('schema_mismatch');
      expect(() => catalogue.check('a', { n: 1 })).not.toThrow();
      expect(faultsIn('types: { b: { schema: b.json } }', folder)).toContain('is no JSON object');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('lets pass any data of a type that has no schema', () => {
    expect(() => load('types: { a: {} }').check('never.heard.of', { n: 1 })).not.toThrow();
  });

  it.each(OWN_TYPES.map((one) => [one.type, one] as const))('shows an example of %s that fits', (_, own) => {
    const compiled = compileDataSchema(own.schema!);
    expect('check' in compiled ? compiled.check(own.example) : compiled.faults).toEqual([]);
  });
});
