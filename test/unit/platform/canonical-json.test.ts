import { describe, expect, it } from 'vitest';

import { canonicalJson } from '../../../src/platform/canonical-json.js';

describe('canonical JSON', () => {
  it('writes the same text whatever order the fields came in', () => {
    expect(canonicalJson({ b: 1, a: { d: [1, { y: 2, x: 1 }], c: null } })).toBe(
      '{"a":{"c":null,"d":[1,{"x":1,"y":2}]},"b":1}',
    );
    expect(canonicalJson({ a: { c: null, d: [1, { x: 1, y: 2 }] }, b: 1 })).toBe(
      canonicalJson({ b: 1, a: { d: [1, { y: 2, x: 1 }], c: null } }),
    );
  });

  it('keeps apart what is different: order in lists, types, missing and null', () => {
    const texts = [[1, 2], [2, 1], ['1', 2], { a: null }, {}, [], '', null, false, 0, '0'].map(canonicalJson);
    expect(new Set(texts).size).toBe(texts.length);
  });

  it.each(['plain', 'quo"te', 'back\\slash', 'line\nfeed', '\u0001', 'é 漢 🎉', '\ud83d', '\u2028', ''])(
    'writes %j as JSON does, as a value and as a name',
    (text) => {
      expect(canonicalJson(text)).toBe(JSON.stringify(text));
      expect(canonicalJson({ [text]: text })).toBe(JSON.stringify({ [text]: text }));
    },
  );
});
