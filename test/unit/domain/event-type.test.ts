import { describe, expect, it } from 'vitest';

import {
  isOwnType,
  OWN_EVENT_TYPES,
  patternsFitting,
  TOLD_STATUSES,
} from '../../../src/domain/event-type.js';

describe('the type of an event', () => {
  it.each([
    ['paid', ['*', 'paid']],
    ['invoice.paid', ['*', 'invoice.*', 'invoice.paid']],
    ['a.b.c', ['*', 'a.*', 'a.b.*', 'a.b.c']],
    ['posthaste.alert.raised', ['posthaste.*', 'posthaste.alert.*', 'posthaste.alert.raised']],
    ['posthastely.done', ['*', 'posthastely.*', 'posthastely.done']],
  ])('%s fits these patterns and no others', (type, patterns) => {
    expect(patternsFitting(type)).toEqual(patterns);
  });

  it('is ours when its first word is', () => {
    expect(['posthaste', 'posthaste.x', 'posthastely.x', 'x.posthaste'].map(isOwnType)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('is there for every status that is told', () => {
    expect(OWN_EVENT_TYPES.filter((type) => type.startsWith('posthaste.notification.'))).toEqual(
      TOLD_STATUSES.map((status) => `posthaste.notification.${status}`),
    );
  });
});
