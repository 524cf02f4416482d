import { parsePhoneNumberFromString } from 'libphonenumber-js/min';

export type ParsedNumber = { address: string } | { fault: string };

/** Longer than any way to write fifteen digits. */
const MAX_CHARACTERS = 64;
const WRITTEN = /^\+[\d\s().\-/]+$/;

/**
 * One international number in any usual spelling → E.164 (`+491701234567`).
 *
 * Checked: a country code that exists and a length its plan allows, which the smallest metadata set (`min`, 80 KB) knows.
 * The larger ones also know each assigned range: they would refuse, until our next upgrade, numbers a country has
 * handed out since, and numbers ported between kinds. Whether a phone is there, the provider's answer says.
 * Source: ITU-T E.164; github.com/catamphetamine/libphonenumber-js "min vs max vs mobile".
 */
export function parsePhoneNumber(to: string): ParsedNumber {
  if (to.length > MAX_CHARACTERS) return { fault: `must be at most ${MAX_CHARACTERS} characters` };
  if (!WRITTEN.test(to.trim()))
    return { fault: 'must be a phone number that begins with + and the country code' };
  const number = parsePhoneNumberFromString(to.trim(), { extract: false });
  if (!number?.isPossible())
    return { fault: 'must be a phone number that exists: the country code or the length is wrong' };
  return { address: number.number };
}

/** Whose plan an E.164 number belongs to; undefined for numbers of no country, as +800. */
export const countryOfNumber = (number: string): string | undefined =>
  parsePhoneNumberFromString(number, { extract: false })?.country;
