import { describe, expect, it } from 'vitest';

import { readPointer } from '../../../src/channels/sms/providers/http/json-pointer.js';

const DOCUMENT = JSON.stringify({
  id: 'a',
  number: 4_711,
  fraction: 1.5,
  none: null,
  flag: true,
  'a/b': { '~': 'escaped' },
  list: [{ id: 'b' }],
  '': { '': 'empty' },
});

describe('a JSON pointer into an answer', () => {
  it.each([
    ['/id', 'a'],
    ['/number', '4711'],
    ['/a~1b/~0', 'escaped'],
    ['/list/0/id', 'b'],
    ['//', 'empty'],
  ])('%s', (pointer, expected) => {
    expect(readPointer(DOCUMENT, pointer)).toBe(expected);
  });

  it.each([
    '/missing',
    '/id/0',
    '/fraction',
    '/none',
    '/none/id',
    '/flag',
    '/list',
    '/list/1/id',
    '/list/-',
    '/list/00/id',
    '/list/length',
    '/constructor/name',
    '/__proto__/x',
  ])('%s leads nowhere', (pointer) => {
    expect(readPointer(DOCUMENT, pointer)).toBeUndefined();
  });

  it.each(['', '<html>', '{"id":', 'null'])('finds nothing in %j', (text) => {
    expect(readPointer(text, '/id')).toBeUndefined();
  });
});
