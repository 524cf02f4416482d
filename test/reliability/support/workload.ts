import { POISON } from './behaviour.js';
import type { NotificationRequest } from './client.js';

let lastNumber = 0;
/** Of this process: a number is never used twice, so that Twilio's books tell one notification from another. */
const nextNumber = (): number => ++lastNumber;
const run = process.pid % 1_000;

/** A letter of its own recipient. `poison`: its provider refuses it for ever. */
export function letter(more: Partial<NotificationRequest> = {}, isPoison = false): NotificationRequest {
  const number = nextNumber();
  return {
    type: 'harness.letter',
    channel: 'email',
    recipient: `${isPoison ? POISON : 'reader'}-${number}@example.com`,
    business_id: `letter-${number}`,
    data: { name: 'Ada' },
    on_in_doubt: 'park',
    ...more,
  };
}

/** A text to a number of its own: 8 digits behind +49 151. */
export function text(more: Partial<NotificationRequest> = {}, isPoison = false): NotificationRequest {
  const number = nextNumber();
  return {
    type: 'harness.text',
    channel: 'sms',
    recipient: `+49151${String(run * 100_000 + (number % 100_000)).padStart(8, '0')}`,
    business_id: `text-${number}`,
    data: { order_number: isPoison ? POISON : `NW-${number}` },
    on_in_doubt: 'park',
    ...more,
  };
}

/** A webhook to this endpoint. It goes again when in doubt, unless told otherwise. */
export function hook(
  endpoint: string,
  more: Partial<NotificationRequest> = {},
  isPoison = false,
): NotificationRequest {
  const number = nextNumber();
  return {
    type: 'harness.hook',
    channel: 'webhook',
    recipient: `account-${number}`,
    business_id: `hook-${number}`,
    to: endpoint,
    data: { number, ...(isPoison ? { is: POISON } : {}) },
    on_in_doubt: 'retry',
    ...more,
  };
}

export const many = <T>(count: number, one: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => one(i));
