import { type Static, Type } from 'typebox';

import type { QuietHours, Weekday } from '../../domain/quiet-hours.js';
import { timeZoneNamed } from '../../domain/time-zone.js';

const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/** `quiet_hours` of a type in `posthaste.yaml`. */
export const QuietHoursSection = Type.Object(
  {
    from: Type.String({
      pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$',
      description: 'A time of day in quotes: "21:00".',
    }),
    to: Type.String({
      pattern: '^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$',
      description: 'A time of day in quotes, of the next day when it is not after `from`: "08:00".',
    }),
    weekdays: Type.Optional(
      Type.Array(Type.Unsafe<(typeof WEEKDAYS)[number]>({ type: 'string', enum: [...WEEKDAYS] }), {
        minItems: 1,
        maxItems: WEEKDAYS.length,
        description: 'The days on which they begin; left out: every day.',
      }),
    ),
    time_zone: Type.Optional(
      Type.String({
        description: 'For recipients whose own zone is not known, as Europe/Berlin; default: UTC.',
      }),
    ),
  },
  { additionalProperties: false },
);

export interface QuietHoursConfig extends QuietHours {
  /** For recipients whose own zone is not known. */
  timeZone: string;
}

/** Undefined and a fault when the section says what cannot be kept. */
export function readQuietHours(
  raw: Static<typeof QuietHoursSection> | undefined,
  path: string,
  faults: string[],
): QuietHoursConfig | undefined {
  if (!raw) return undefined;
  const timeZone = timeZoneNamed(raw.time_zone ?? 'UTC');
  if (timeZone === undefined) faults.push(`${path}/time_zone is no time zone, as Europe/Berlin`);
  const [fromMinute, toMinute] = [minutesOf(raw.from), minutesOf(raw.to)];
  const isAlways = !raw.weekdays && toMinute - fromMinute === minutesOf('24:00');
  if (fromMinute === toMinute || isAlways) faults.push(`${path} leaves no time of day at which it may go`);
  const weekdays = raw.weekdays && new Set(raw.weekdays.map((day) => (WEEKDAYS.indexOf(day) + 1) as Weekday));
  return { fromMinute, toMinute, weekdays, timeZone: timeZone ?? 'UTC' };
}

const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
