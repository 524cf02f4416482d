import { classifyTwilioCode } from '../channels/sms/classification.js';
import type { ErrorClass } from '../domain/outcome.js';
import type { AddressFault } from '../domain/suppression.js';

/**
 * What a bounce says of the address; undefined: nothing. Twilio's codes mean the same whether they come in an answer or
 * later, so one table is asked for both; other vendors say by the class what they mean.
 */
export function addressFaultOf(code: string, errorClass: ErrorClass | null): AddressFault | undefined {
  const number = /^twilio_(\d+)$/.exec(code)?.[1];
  const row = number === undefined ? undefined : classifyTwilioCode(Number(number), undefined);
  return row?.address ?? (errorClass === 'suppress' ? { reason: 'hard_bounce' } : undefined);
}
