import { describe, expect, it } from 'vitest';

import { readTraceparent, traceIdOf } from '../../../src/platform/tracing/traceparent.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

describe('a traceparent', () => {
  it.each([
    [`00-${TRACE}-${SPAN}-01`, '01'],
    [`00-${TRACE}-${SPAN}-00`, '00'],
    [`00-${TRACE}-${SPAN}-03`, '01'], // flags that we do not know are not passed on
    [`01-${TRACE}-${SPAN}-01`, '01'], // a later version is read as far as this one goes
    [`cc-${TRACE}-${SPAN}-01-what-comes`, '01'],
  ])('is read: %s', (header, flags) => {
    expect(readTraceparent(header)).toBe(`00-${TRACE}-${SPAN}-${flags}`);
    expect(traceIdOf(readTraceparent(header))).toBe(TRACE);
  });

  it.each([
    undefined,
    '',
    'nonsense',
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-1`,
    `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01\r\nx: y`,
  ])('that breaks the standard is as none: %s', (header) => {
    expect(readTraceparent(header)).toBeNull();
  });

  it('that came twice is as none', () => {
    expect(readTraceparent([`00-${TRACE}-${SPAN}-01`])).toBeNull();
  });
});
