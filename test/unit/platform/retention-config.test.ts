import { describe, expect, it } from 'vitest';

import { parsePosthasteFile } from '../../../src/platform/config/posthaste-file.js';
import { readRetention } from '../../../src/platform/config/retention-section.js';

const DAY_MS = 86_400_000;

describe('retention in the configuration', () => {
  it('keeps content for 30 days, attempts for 90 and keys for ever, unless it is told otherwise', () => {
    expect(readRetention(undefined).retention).toEqual({
      payloadMs: 30 * DAY_MS,
      attemptsMs: 90 * DAY_MS,
      keysMs: undefined,
    });
    const { file, faults } = parsePosthasteFile('retention: { payload: 12h, attempts: 7d, keys: 365d }', {});
    expect(faults).toEqual([]);
    expect(file.retention).toEqual({ payloadMs: DAY_MS / 2, attemptsMs: 7 * DAY_MS, keysMs: 365 * DAY_MS });
    expect(readRetention({ payload: 'forever', attempts: 'forever' }).retention.payloadMs).toBeUndefined();
  });

  it.each([
    [{ payload: '59m' }, '/retention/payload'],
    [{ payload: '1d', attempts: '6d' }, '/retention/attempts must be at least 7d'],
    [{ payload: '100d' }, '/retention/attempts must be no shorter than payload'],
    [{ payload: 'forever' }, '/retention/attempts must be no shorter than payload'],
    [{ keys: '60d' }, '/retention/keys must be no shorter than attempts'],
    [{ attempts: 'forever', keys: '999d' }, '/retention/keys must be no shorter than attempts'],
  ])('refuses %j', (written, fault) => {
    expect(readRetention(written).faults.join()).toContain(fault);
  });

  it.each(['30', 'never', '30 d'])('refuses %s as a time', (payload) => {
    expect(parsePosthasteFile(`retention: { payload: "${payload}" }`, {}).faults.join()).toContain(
      '/retention/payload',
    );
  });
});
