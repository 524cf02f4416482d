import { hash } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { ApiKeys } from '../../../src/platform/auth/api-keys.service.js';

const SECRET = 'a'.repeat(43);
const MOST = 10_000;

/** A store in which every key is known, and each question is counted. */
function keysOn(asked: Map<string, number>): ApiKeys {
  const query = async (question: { name?: string; values?: string[] } | string) => {
    if (typeof question === 'string') return { rows: [] };
    const [id] = question.values!;
    asked.set(id!, (asked.get(id!) ?? 0) + 1);
    return {
      rows: [
        { secret_hash: hash('sha256', SECRET, 'buffer'), scopes: ['admin'], expires_at: null, rate: null },
      ],
    };
  };
  return new ApiKeys({ query } as never, {} as never, {} as never);
}

const idOf = (at: number): string => `key${String(at).padStart(6, '0')}`;
const headerOf = (at: number): string => `Bearer ph_${idOf(at)}_${SECRET}`;

describe('API keys that were read', () => {
  it('are kept up to ten thousand: the first beyond them makes room for all', async () => {
    const asked = new Map<string, number>();
    const keys = keysOn(asked);
    for (let at = 0; at < MOST; at++) await keys.identify(headerOf(at));
    await keys.identify(headerOf(0));
    expect(asked.get(idOf(0))).toBe(1);
    await keys.identify(headerOf(MOST));
    await keys.identify(headerOf(0));
    expect(asked.get(idOf(0))).toBe(2);
  });
});
