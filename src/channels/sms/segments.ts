import { SegmentedMessage } from 'sms-segments-calculator';

/**
 * How a text travels: providers bill and carriers drop by the segment. GSM-7 holds 160 characters, then 153 per segment (some,
 * as €, count twice); one character outside it turns all into UCS-2: 70, then 67. Source: 3GPP TS 23.038, TS 23.040.
 */
export interface Segments {
  count: number;
  encoding: 'GSM-7' | 'UCS-2';
}

/** A text longer than this is a letter; many carriers also refuse more than six parts. */
export const MAX_SEGMENTS = 6;

/** Splitting is linear but not free: what certainly does not fit is not split. */
export const MAX_CHARACTERS = MAX_SEGMENTS * 153;

/** The basic table of GSM-7 but for the carriage return: one septet each, and nothing that belongs together. */
const BASIC = /^[\n !"#$%&'()*+,\-./0-9:;<=>?@A-Z_a-z£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà]*$/;
const ALONE = 160;
const OF_MANY = 153;

/**
 * Most texts are of the basic table, and need no splitting to be counted: the library makes objects of every character, which
 * took most of what a text costs. All others it counts.
 *
 * For texts of at most MAX_CHARACTERS; the accept response shows it.
 */
export function segmentsOf(text: string): Segments {
  if (BASIC.test(text)) {
    const count = text.length <= ALONE ? 1 : Math.ceil(text.length / OF_MANY);
    return { count, encoding: 'GSM-7' };
  }
  const message = new SegmentedMessage(text);
  return { count: message.segmentsCount, encoding: message.encodingName };
}
