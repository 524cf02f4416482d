import { describe, expect, it } from 'vitest';

import type { Hold } from '../../../src/domain/gate.js';
import { HeldGates, NO_GATES } from '../../../src/gates/held-gates.js';

const SINCE = new Date('2026-11-22T09:00:00Z');
const hold = (key: string, heldBy: Hold['heldBy'], until?: Date): Hold => ({
  kind: 'provider',
  key,
  heldBy,
  until,
  since: SINCE,
  detail: null,
});

describe('the gates that are held', () => {
  it('are held by the hold that lasts longest; a pause lasts longest of all', () => {
    const gates = new HeldGates(
      [
        hold('ses', 'breaker', new Date('2026-11-22T09:05:00Z')),
        hold('ses', 'pause'),
        hold('ses', 'retry_after', new Date('2026-11-22T09:01:00Z')),
      ],
      [],
    );
    expect(gates.of('provider', 'ses')).toMatchObject({ heldBy: 'pause' });
    expect(gates.isHeld('provider', 'other')).toBe(false);
    expect(gates.isHeld('endpoint', 'ses')).toBe(false);
  });

  it('are tried again by one call when their breaker is over and nothing else holds them', () => {
    const over = [{ kind: 'provider' as const, key: 'ses' }];
    expect(new HeldGates([], over).isProbed('provider', 'ses')).toBe(true);
    expect(new HeldGates([hold('ses', 'pause')], over).isProbed('provider', 'ses')).toBe(false);
    expect(NO_GATES.isProbed('provider', 'ses')).toBe(false);
  });
});
