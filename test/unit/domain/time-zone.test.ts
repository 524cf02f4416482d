import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { DAY_MS, offsetMs } from '../../../src/domain/time-zone.js';

const NOON = Date.UTC(2026, 0, 1, 12);
const { DateTimeFormat } = Intl;
let made = 0;

beforeEach(() => {
  made = 0;
  class Counted extends DateTimeFormat {
    constructor(...given: ConstructorParameters<typeof DateTimeFormat>) {
      super(...given);
      made++;
    }
  }
  vi.stubGlobal('Intl', Object.create(Intl, { DateTimeFormat: { value: Counted } }));
});

afterEach(() => vi.unstubAllGlobals());

describe('the formatters of time zones', () => {
  it('are made once a zone, as long as few zones are asked for', () => {
    for (let day = 0; day < 5; day++) offsetMs('Europe/Berlin', NOON + day * DAY_MS);
    expect(made).toBe(1);
  });

  it('are not all kept when callers name every zone there is', () => {
    const zones = Intl.supportedValuesOf('timeZone');
    for (const zone of zones) offsetMs(zone, NOON);
    made = 0;
    for (const zone of zones) offsetMs(zone, NOON + DAY_MS);
    expect(made).toBeGreaterThanOrEqual(zones.length - 50);
  });
});
