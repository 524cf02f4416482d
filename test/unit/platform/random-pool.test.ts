import { describe, expect, it } from 'vitest';

import { RandomPool } from '../../../src/platform/crypto/random-pool.js';
import { Sealer } from '../../../src/platform/crypto/sealer.js';

describe('random bytes for seals', () => {
  it('are never given out twice, also when the pool is filled anew', () => {
    const pool = new RandomPool();
    const taken = Array.from({ length: 5_000 }, () => pool.take(12).toString('hex'));
    expect(new Set(taken).size).toBe(taken.length);
  });

  it('stay what they were when more is taken', () => {
    const pool = new RandomPool();
    const first = pool.take(12);
    const seen = first.toString('hex');
    for (let at = 0; at < 1_000; at++) pool.take(12);
    expect(first.toString('hex')).toBe(seen);
    expect(first.equals(Buffer.alloc(12))).toBe(false);
  });
});

describe('a sealed value', () => {
  const sealer = new Sealer(Buffer.alloc(32, 1));

  it.each(['', 'text', 'é 漢 🎉', 'x'.repeat(100_000)])('opens to what was sealed (%#)', (text) => {
    expect(sealer.open(sealer.seal(text, 'row'), 'row').toString('utf8')).toBe(text);
    expect(sealer.open(sealer.seal(Buffer.from(text), 'row'), 'row').toString('utf8')).toBe(text);
  });

  it('opens neither in another row nor with a bit changed', () => {
    const sealed = sealer.seal('text', 'row');
    expect(() => sealer.open(sealed, 'other row')).toThrow();
    for (const at of [0, 1, 6, 20, sealed.length - 1]) {
      const changed = Buffer.from(sealed);
      changed[at]! ^= 1;
      expect(() => sealer.open(changed, 'row')).toThrow();
    }
  });

  it('is never the same twice', () => {
    const all = Array.from({ length: 1_000 }, () => sealer.seal('text', 'row').toString('hex'));
    expect(new Set(all).size).toBe(all.length);
  });
});
