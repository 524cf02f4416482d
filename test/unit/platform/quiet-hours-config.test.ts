import { describe, expect, it } from 'vitest';

import { parsePosthasteFile } from '../../../src/platform/config/posthaste-file.js';

const read = (section: string) =>
  parsePosthasteFile(`types: { marketing.news: { quiet_hours: ${section} } }`, {});

describe('quiet_hours of a type', () => {
  it('reads times, days and a zone', () => {
    const { file, faults } = read(
      '{ from: "21:00", to: "08:00", weekdays: [mon, sun], time_zone: europe/berlin }',
    );
    expect(faults).toEqual([]);
    expect(file.types.get('marketing.news')!.quietHours).toEqual({
      fromMinute: 1260,
      toMinute: 480,
      weekdays: new Set([1, 7]),
      timeZone: 'Europe/Berlin',
    });
  });

  it('takes UTC and every day when nothing else is said', () => {
    expect(read('{ from: "00:00", to: "06:30" }').file.types.get('marketing.news')!.quietHours).toEqual({
      fromMinute: 0,
      toMinute: 390,
      weekdays: undefined,
      timeZone: 'UTC',
    });
  });

  it.each([
    ['{ from: "08:00", to: "08:00" }', 'leaves no time of day'],
    ['{ from: "00:00", to: "24:00" }', 'leaves no time of day'],
    ['{ from: "25:00", to: "08:00" }', '/quiet_hours/from'],
    ['{ to: "08:00" }', 'from'],
    ['{ from: "21:00", to: "08:00", time_zone: Mars/Olympus }', 'is no time zone'],
    ['{ from: "21:00", to: "08:00", weekdays: [caturday] }', '/quiet_hours/weekdays'],
    ['{ from: "21:00", to: "08:00", timezone: UTC }', 'did you mean time_zone?'],
  ])('refuses %s', (section, fault) => {
    expect(read(section).faults.join('\n')).toContain(fault);
  });

  it('lets whole days be quiet when others are not', () => {
    expect(read('{ from: "00:00", to: "24:00", weekdays: [sun] }').faults).toEqual([]);
  });
});
