import { describe, expect, it } from 'vitest';

import { classifyTwilioCode, TWILIO_ROWS } from '../../../src/channels/sms/classification.js';

describe('the Twilio table', () => {
  it.each(TWILIO_ROWS.flatMap(({ codes, then, why }) => codes.map((code) => ({ code, then, why }))))(
    '$code: $why',
    ({ code, then }) => {
      expect(classifyTwilioCode(code, 400)).toEqual(then);
      expect(classifyTwilioCode(code, undefined)).toEqual(then);
    },
  );

  it('names each code once', () => {
    const codes = TWILIO_ROWS.flatMap((row) => row.codes);
    expect(new Set(codes).size).toBe(codes.length);
  });

  it.each([
    [29999, 400, 'rejected', 'permanent'],
    [29999, 401, 'rejected', 'configuration'],
    [29999, 429, 'deferred', 'throttled'],
    [29999, 500, 'in_doubt', 'in_doubt'],
    [39999, undefined, 'rejected', 'permanent'],
  ])('judges the unknown code %i by its status %s', (code, status, kind, errorClass) => {
    expect(classifyTwilioCode(code, status)).toMatchObject({ kind, class: errorClass });
  });
});
