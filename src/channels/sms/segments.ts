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

/** For texts of at most MAX_CHARACTERS; the accept response shows it. */
export function segmentsOf(text: string): Segments {
  const message = new SegmentedMessage(text);
  return { count: message.segmentsCount, encoding: message.encodingName };
}
