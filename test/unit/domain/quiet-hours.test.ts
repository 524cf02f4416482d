import { describe, expect, it } from 'vitest';

import { opensAt, type QuietHours, quietEnd, type Weekday } from '../../../src/domain/quiet-hours.js';
import { offsetMs, timeZoneNamed, timeZonesOf } from '../../../src/domain/time-zone.js';

const at = (time: string): number => Date.parse(time);
const iso = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString();
const hours = (from: string, to: string, weekdays?: Weekday[]): QuietHours => ({
  fromMinute: minutes(from),
  toMinute: minutes(to),
  weekdays: weekdays && new Set(weekdays),
});
const minutes = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
const NIGHT = hours('21:00', '08:00');

/** The wall clock as a person reads it, from another formatter than the code's. */
const clock = (zone: string, ms: number): string =>
  new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit', hour12: false })
    .format(ms)
    .replace('24:', '00:');

describe('when it may go', () => {
  it.each([
    ['in the evening', '2026-11-22T21:30:00+01:00', '2026-11-23T07:00:00.000Z'],
    ['after midnight', '2026-11-23T03:00:00+01:00', '2026-11-23T07:00:00.000Z'],
    ['at the first quiet moment', '2026-11-22T21:00:00+01:00', '2026-11-23T07:00:00.000Z'],
    ['at the last', '2026-11-23T07:59:59.999+01:00', '2026-11-23T07:00:00.000Z'],
    ['as soon as they end', '2026-11-23T08:00:00+01:00', '2026-11-23T07:00:00.000Z'],
    ['by day', '2026-11-22T12:00:00+01:00', '2026-11-22T11:00:00.000Z'],
  ])('%s', (_name, time, opens) => {
    expect(iso(opensAt(NIGHT, ['Europe/Berlin'], at(time)))).toBe(opens);
  });

  it.each([
    ['the night that loses an hour', '2026-03-28T22:00:00+01:00', '2026-03-29T06:00:00.000Z'],
    ['the night that has one twice', '2026-10-24T22:00:00+02:00', '2026-10-25T07:00:00.000Z'],
  ])('at 08:00 by the wall clock in %s', (_name, time, opens) => {
    expect(iso(opensAt(NIGHT, ['Europe/Berlin'], at(time)))).toBe(opens);
  });

  it('goes when the clock jumps past an end that does not exist that day', () => {
    const rule = hours('21:00', '02:30');
    expect(iso(opensAt(rule, ['Europe/Berlin'], at('2026-03-28T23:00:00+01:00')))).toBe(
      '2026-03-29T01:00:00.000Z',
    );
  });

  it('waits for both of an hour that comes twice', () => {
    const rule = hours('21:00', '02:30');
    const again = at('2026-10-25T02:10:00+01:00'); // 02:30 has been once, by summer time
    expect(iso(opensAt(rule, ['Europe/Berlin'], again))).toBe('2026-10-25T01:30:00.000Z');
  });

  it('begins on the days that are named, and lasts into the next', () => {
    const weekend = hours('18:00', '09:00', [5, 6]); // Friday and Saturday evening
    const opens = (time: string) => iso(opensAt(weekend, ['UTC'], at(time)));
    expect(opens('2026-11-20T19:00:00Z')).toBe('2026-11-21T09:00:00.000Z'); // Friday
    expect(opens('2026-11-22T08:00:00Z')).toBe('2026-11-22T09:00:00.000Z'); // Sunday, of Saturday's evening
    expect(opens('2026-11-22T19:00:00Z')).toBe('2026-11-22T19:00:00.000Z'); // Sunday
  });

  it('takes whole days', () => {
    const sunday = hours('00:00', '24:00', [7]);
    expect(iso(opensAt(sunday, ['UTC'], at('2026-11-22T10:00:00Z')))).toBe('2026-11-23T00:00:00.000Z');
    expect(iso(opensAt(sunday, ['UTC'], at('2026-11-21T23:59:59Z')))).toBe('2026-11-21T23:59:59.000Z');
  });

  it('must be awake in every zone of a country', () => {
    const us = timeZonesOf('US');
    expect(us).toContain('America/New_York');
    // New York is awake at 08:00 EST; in Hawaii it is 03:00.
    expect(iso(opensAt(NIGHT, us, at('2026-11-23T13:00:00Z')))).toBe('2026-11-23T18:00:00.000Z');
  });

  it('knows when zones leave no moment open between them', () => {
    const short = hours('10:00', '09:00'); // open for one hour
    expect(opensAt(short, ['Asia/Tokyo', 'America/New_York'], at('2026-11-23T13:00:00Z'))).toBeUndefined();
  });
});

/** A small generator with a seed, so that a failure can be had again. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'Australia/Lord_Howe', // changes by half an hour
  'Asia/Kathmandu', // + 05:45
  'Pacific/Chatham', // + 12:45 and + 13:45
  'America/Sao_Paulo',
  'Africa/Casablanca', // changes around Ramadan
  'Pacific/Kiritimati', // + 14
];

describe.each(ZONES)('whatever the moment and the rule, in %s', (zone) => {
  it('never goes in quiet hours, never earlier than asked, and when it waits, until the end by the wall clock', () => {
    const next = numbers(zone.length * 7919);
    for (let i = 0; i < 400; i++) {
      const [from, to] = [next(1440), 1 + next(1439)];
      if (from === to) continue;
      const rule: QuietHours = { fromMinute: from, toMinute: to, weekdays: undefined };
      const asked = at('2026-01-01T00:00:00Z') + next(730 * 1440) * 60_000;
      const opens = opensAt(rule, [zone], asked)!;
      const where = `${zone} ${from}–${to} asked ${iso(asked)} opens ${iso(opens)}`;
      expect(opens, where).toBeGreaterThanOrEqual(asked);
      expect(opens - asked, where).toBeLessThanOrEqual(26 * 3_600_000);
      expect(quietEnd(rule, zone, opens), where).toBeUndefined();
      if (opens === asked) continue;
      const isAtTheEnd = clock(zone, opens) === clock('UTC', to * 60_000);
      const isAtAChange = offsetMs(zone, opens) !== offsetMs(zone, opens - 15 * 60_000);
      expect(isAtTheEnd || isAtAChange, where).toBe(true);
    }
  });

  it('sees every minute of the days on which clocks change as a person would', () => {
    for (const day of ['2026-03-08', '2026-03-29', '2026-04-05', '2026-10-04', '2026-10-25', '2026-11-01']) {
      const start = at(`${day}T00:00:00Z`) - 12 * 3_600_000;
      for (let ms = start; ms < start + 48 * 3_600_000; ms += 5 * 60_000) {
        const wall = clock(zone, ms);
        const isNight = wall >= '21:00' || wall < '08:00';
        expect(quietEnd(NIGHT, zone, ms) !== undefined, `${zone} ${iso(ms)}`).toBe(isNight);
      }
    }
  });
});

describe('the names of time zones', () => {
  it.each([
    ['Europe/Berlin', 'Europe/Berlin'],
    ['europe/berlin', 'Europe/Berlin'],
    ['UTC', 'UTC'],
    ['Mars/Olympus', undefined],
    ['+05:30', undefined],
    ['', undefined],
    ['../../etc/passwd', undefined],
  ])('%s is %s', (name, zone) => {
    expect(timeZoneNamed(name)).toBe(zone);
  });

  it('knows the zones of a country, and that some countries are none of ICU’s', () => {
    expect(timeZonesOf('FR')).toEqual(['Europe/Paris']);
    expect(timeZonesOf('ZZ')).toEqual([]);
  });
});
