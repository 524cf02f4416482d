import { expect, it } from 'vitest';

import { storable } from '../../../src/sandbox/storable.js';

it('leaves nothing that PostgreSQL refuses, and everything else as it is', () => {
  expect(storable({ a: ['x\0y', '\uD800', 'ok 🙂', 1, null, true], 'k\0': '\uDC00z' })).toEqual({
    a: ['x\uFFFDy', '\uFFFD', 'ok 🙂', 1, null, true],
    'k\uFFFD': '\uFFFDz',
  });
});
