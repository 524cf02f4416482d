import { describe, expect, it } from 'vitest';

import { parseJson } from '../../../src/platform/http/json-body.js';
import { Problem } from '../../../src/platform/http/problem.js';
import { isTime } from '../../../src/platform/http/time.js';

const parse = (text: string | Buffer, ...limits: number[]): unknown =>
  parseJson(Buffer.from(text as string), ...limits);
function refusal(text: string | Buffer, ...limits: number[]): Problem {
  try {
    parse(text, ...limits);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}

describe('careful JSON', () => {
  it('reads what is well, and nothing as nothing', () => {
    expect(parse('{"a":[1,"€🙂",null,{"b":true}]}')).toEqual({ a: [1, '€🙂', null, { b: true }] });
    expect(parse('')).toBeUndefined();
  });

  it('measures bytes, not characters', () => {
    expect(parse('"€"', 5)).toBe('€');
    expect(refusal('"€"', 4).code).toBe('too_large');
  });

  it('says where JSON ends to be JSON, and never what was there', () => {
    const { code, detail } = refusal('{"password":"hunter2",}');
    expect(code).toBe('invalid_json');
    expect(detail).not.toContain('hunter2');
    expect(refusal(Buffer.of(0x22, 0xc3, 0x28, 0x22)).code).toBe('invalid_json');
  });

  it('names every fault, as a pointer', () => {
    const problem = refusal(
      '{"a":"\\u0000","b":[{"__proto__":1},"\\ud800","\\udc00\\ud800"],"c/d~e":{"constructor":1},"prototype":[],"x\\u0000":1}',
    );
    expect(problem.more.errors!.map(({ path }) => path)).toEqual([
      '/a',
      '/b/0/__proto__',
      '/b/1',
      '/b/2',
      '/c~1d~0e/constructor',
      '/prototype',
      '',
    ]);
  });

  it('finds a forbidden name that is spelt with escapes', () => {
    expect(refusal('{"\\u005f_proto__":{"a":1}}').more.errors).toHaveLength(1);
    expect(refusal('{"a":{"con\\u0073tructor":1}}').more.errors!.map(({ path }) => path)).toEqual([
      '/a/constructor',
    ]);
    expect(parse('{"a":"a constructor, in a text"}')).toEqual({ a: 'a constructor, in a text' });
  });

  it('counts levels: as many as are allowed, and no more', () => {
    const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
    expect(parse(nested(20))).toBeDefined();
    expect(refusal(nested(21)).code).toBe('invalid_request');
    expect(parse(nested(22), 1_000, 22)).toBeDefined();
    expect(refusal(nested(100_000)).more.errors).toHaveLength(1);
  });

  it('names at most twenty, each briefly', () => {
    const many = refusal(`{"${'k'.repeat(1_000)}":[${Array(100).fill('"\\u0000"').join()}]}`);
    expect(many.more.errors).toHaveLength(20);
    expect(many.more.errors![0]!.path.length).toBeLessThan(80);
    expect(
      refusal(`{${Array.from({ length: 100 }, (_, i) => `"k${i}\\u0000":1`).join()}}`).more.errors,
    ).toHaveLength(20);
  });
});

describe('times', () => {
  it.each([
    '2026-11-22T09:00:00Z',
    '2026-11-22T09:00:00.5Z',
    '2026-11-22T09:00:00.123456789+05:30',
    '2028-02-29T00:00:00-00:00',
    '1970-01-01T00:00:00Z',
    '8999-12-31T23:59:59Z',
    '2026-11-22T09:00:00+23:59',
  ])('%s is one', (text) => expect(isTime(text)).toBe(true));

  it.each([
    '2026-11-22',
    '2026-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-11-22T24:00:00Z',
    '2026-11-22T09:60:00Z',
    '2026-12-31T23:59:60Z',
    '2026-11-22T09:00Z',
    '2026-11-22T09:00:00',
    '2026-11-22t09:00:00z',
    '2026-11-22 09:00:00Z',
    '2026-11-22T09:00:00+0100',
    '2026-11-22T09:00:00.1234567890Z',
    '1969-12-31T23:59:59Z',
    '9000-01-01T00:00:00Z',
    '-000001-01-01T00:00:00Z',
    '٢٠٢٦-11-22T09:00:00Z',
    '2026-11-22T09:00:00Z\n',
    '',
  ])('%j is none', (text) => expect(isTime(text)).toBe(false));
});
