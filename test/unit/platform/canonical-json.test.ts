import { describe, expect, it } from 'vitest';

import { canonicalJson } from '../../../src/platform/canonical-json.js';

/** Numbers are enumerated before everything else; a pair of surrogates sorts before U+FF21; prefixes. */
const NAMES = ['b', 'a', '10', '9', 'aa', '', '\uff21', '\u{1f389}', 'Z', 'é'];

/** By a fixed rule: what fails fails again. */
const shuffled = (names: readonly string[], turn: number): string[] =>
  names
    .map((name, at) => [((at + 1) * 7919 * turn) % 104729, name] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, name]) => name);

describe('canonical JSON', () => {
  it('writes the same text whatever order the fields came in', () => {
    expect(canonicalJson({ b: 1, a: { d: [1, { y: 2, x: 1 }], c: null } })).toBe(
      '{"a":{"c":null,"d":[1,{"x":1,"y":2}]},"b":1}',
    );
    expect(canonicalJson({ a: { c: null, d: [1, { x: 1, y: 2 }] }, b: 1 })).toBe(
      canonicalJson({ b: 1, a: { d: [1, { y: 2, x: 1 }], c: null } }),
    );
  });

  it.each([2, 3, 24, 25, 200])(
    'sorts %i names as text, by their code units, whatever order they came in',
    (count) => {
      const names = Array.from({ length: count }, (_, at) => NAMES[at] ?? `n${at * 7919}`);
      const expected = `{${[...names]
        .sort()
        .map((name) => `"${name}":0`)
        .join(',')}}`;
      for (let turn = 0; turn < 20; turn++) {
        const order = turn === 0 ? names : turn === 1 ? names.toReversed() : shuffled(names, turn);
        expect(canonicalJson(Object.fromEntries(order.map((name) => [name, 0])))).toBe(expected);
      }
    },
  );

  it('is the text whose hashes lie in databases', () => {
    const names = NAMES.map((name, at) => [name, at]);
    expect(canonicalJson(Object.fromEntries(names))).toBe(
      '{"":5,"10":2,"9":3,"Z":8,"a":1,"aa":4,"b":0,"é":9,"🎉":7,"Ａ":6}',
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
