import { SegmentedMessage } from 'sms-segments-calculator';
import { describe, expect, it } from 'vitest';

import type { Letter } from '../../../src/channels/channel.js';
import { parsePhoneNumber } from '../../../src/channels/sms/phone-number.js';
import { segmentsOf } from '../../../src/channels/sms/segments.js';
import { SmsChannel } from '../../../src/channels/sms/sms.channel.js';

describe('a phone number', () => {
  it.each([
    ['+491701234567', '+491701234567'],
    ['+49 (170) 123-4567', '+491701234567'],
    [' +49.170.1234567 ', '+491701234567'],
    ['+15551234567', '+15551234567'],
    ['+44 20 7946 0958', '+442079460958'],
  ])('%s is taken', (to, address) => {
    expect(parsePhoneNumber(to)).toEqual({ address });
  });

  it.each([
    '',
    '01701234567',
    '491701234567',
    '00491701234567',
    '+',
    '+0',
    '+1555',
    '+999123456789',
    '+49170123456789012345',
    '+491701234567 ext. 3',
    '+491701234567;ext=3',
    '+491701234567,+491701234568',
    'tel:+491701234567',
    '+49170\r\n1234567x',
    '+49170\u00001234567',
    '＋491701234567',
    '+٤٩١٧٠١٢٣٤٥٦٧',
    'call +491701234567',
    '+1-800-FLOWERS',
    '+'.repeat(1_000_000),
  ])('%j is refused with a sentence that does not repeat it', (to) => {
    const { fault } = parsePhoneNumber(to) as { fault: string };
    expect(fault).toMatch(/^must /);
    expect(fault).not.toMatch(/\d{5}/);
  });
});

describe('segments', () => {
  it.each([
    ['a'.repeat(160), 1, 'GSM-7'],
    ['a'.repeat(161), 2, 'GSM-7'],
    ['a'.repeat(306), 2, 'GSM-7'],
    ['€'.repeat(80), 1, 'GSM-7'],
    ['€'.repeat(81), 2, 'GSM-7'],
    ['ü'.repeat(160), 1, 'GSM-7'],
    ['’'.repeat(70), 1, 'UCS-2'],
    [`${'a'.repeat(70)}’`, 2, 'UCS-2'],
    ['😀'.repeat(35), 1, 'UCS-2'],
    ['😀'.repeat(36), 2, 'UCS-2'],
  ])('%#', (text, count, encoding) => {
    expect(segmentsOf(text)).toEqual({ count, encoding });
  });
});

describe('segments of texts that are counted without splitting', () => {
  const counted = (text: string) => {
    const { segmentsCount, encodingName } = new SegmentedMessage(text);
    return { count: segmentsCount, encoding: encodingName };
  };

  it('are those of the calculator, for every character there is', () => {
    for (let code = 0; code < 0x2100; code++) {
      const text = `ab${String.fromCharCode(code)}`;
      expect({ code, ...segmentsOf(text) }).toEqual({ code, ...counted(text) });
    }
  });

  it.each([0, 1, 159, 160, 161, 305, 306, 307, 459, 460, 918])(
    'are those of the calculator, for %i',
    (length) => {
      for (const character of ['a', 'ü', '\n', 'Σ', '^', '€', '’']) {
        const text = character.repeat(length);
        expect(segmentsOf(text)).toEqual(counted(text));
      }
    },
  );
});

describe('the SMS channel', () => {
  const letter: Letter = {
    id: 'ntf_a',
    type: 't',
    template: 'otp',
    locale: 'de',
    data: {},
    createdAt: new Date(0),
    lane: 'transactional',
  };
  const channel = (text: string) =>
    new SmsChannel({ hasSms: (template) => template === 'otp', renderSms: () => text });

  it('composes with the template and knows which there are', () => {
    expect(channel('Hi').compose(letter)).toEqual({ kind: 'sms', text: 'Hi', segments: 1 });
    expect([channel('').hasTemplate('otp'), channel('').hasTemplate('other')]).toEqual([true, false]);
    expect(channel('').kinds.map(({ kind }) => kind)).toEqual(['twilio', 'http-sms']);
  });

  it.each([
    [' \n', false],
    ['a'.repeat(918), true],
    ['a'.repeat(919), false],
    ['’'.repeat(402), true],
    ['’'.repeat(403), false],
    ['a'.repeat(1_000_000), false],
  ])('%#: takes six segments and no more', (text, isTaken) => {
    const compose = () => channel(text).compose(letter);
    if (isTaken) expect(compose()).toEqual({ kind: 'sms', text, segments: 6 });
    else
      expect(compose).toThrow(
        expect.objectContaining({
          code: 'template_error',
          faults: [expect.objectContaining({ path: '/data' })],
        }),
      );
  });
});
