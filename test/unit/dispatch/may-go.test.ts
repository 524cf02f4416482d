import { describe, expect, it } from 'vitest';

import { MayGo } from '../../../src/dispatch/may-go.js';

const mayGo = ({ isHeld = false, isOpen = false, isEndpointHeld = false }) =>
  new MayGo(
    { isProviderHeld: () => isHeld, isEndpointHeld: () => isEndpointHeld } as never,
    { isOpen: () => isOpen } as never,
  );
const hint = { id: 'a', dispatch: 1, endpointId: 'ep' };

describe('what may go', () => {
  it.each([
    [{}, true],
    [{ isHeld: true }, false],
    [{ isOpen: true }, false],
    [{ isEndpointHeld: true }, false],
  ])('%j: %s', (state, expected) => {
    expect(mayGo(state).isOpenFor(hint, 'ses')).toBe(expected);
  });

  it.each([
    ['the gate is held for everybody: no relay publishes it', { isHeld: true, isOpen: true }, 0],
    ['only this process has stopped: it would come back at once', { isOpen: true }, 1_000],
    ['it found no place', {}, 0],
  ])('hands back when %s', (_, state, expected) => {
    expect(mayGo(state).handBackMs('ses')).toBe(expected);
  });
});
