import { writtenForms } from './written-forms.js';

/**
 * What another machine said, fit for an outcome: providers quote the recipient, and sometimes our credentials, back at
 * us. Addresses and numbers are recognised by shape, what the caller names (recipient, token) also by value.
 */
const MAX_CHARACTERS = 512; // Outcomes promise 1 KB; the worst character left by the cleaning takes two bytes.

const MAIL_ADDRESS = /[^\s<>"'(),;:]{1,128}(?:@|%40)[^\s<>"'(),;]{1,255}/gi;
const PHONE_NUMBER = /(?:\+|%2b)\d[\d\s().-]{5,20}\d/gi;
/** Controls, format characters, line separators and what is not in the basic plane's letters: one space each. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\s]+/gu;
const NOT_LATIN = /[^\u0020-\u07ff]/gu;

/** One line of at most 512 characters. `hidden`: values that must not appear, however written. */
export function sanitisedDetail(text: string, hidden: readonly string[] = []): string {
  const head = text.slice(0, 8 * MAX_CHARACTERS).replace(UNPRINTABLE, ' ');
  const named = replaceAll(
    head,
    hidden
      .filter((value) => value !== '')
      .flatMap(writtenForms)
      .filter((form) => mayStandIn(head, form))
      .map(asItStands),
    '<hidden>',
  );
  const masked = replaceAll(named, [MAIL_ADDRESS], '<address>'); // before the local parts, which addresses contain
  return replaceAll(
    masked,
    hidden.flatMap((value) => partsOf(masked, value)),
    '<hidden>',
  )
    .replace(PHONE_NUMBER, '<number>')
    .replace(NOT_LATIN, '?')
    .trim()
    .slice(0, MAX_CHARACTERS);
}

const ASCII = /^[\u0000-\u007f]*$/;

/** Patterns are built for what is there: building them all takes longer than composing the mail. Beyond ASCII `i` means more than lower case. */
const mayStandIn = (text: string, form: string): boolean =>
  !ASCII.test(text) || !ASCII.test(form) || text.toLowerCase().includes(form.toLowerCase());

const replaceAll = (text: string, patterns: readonly RegExp[], mask: string): string =>
  patterns.reduce((rest, pattern) => rest.replace(pattern, mask), text);

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
const asItStands = (value: string): RegExp => new RegExp(escaped(value), 'giu');

/** Of an address also its local part alone; of a number its digits with any punctuation. */
function partsOf(text: string, value: string): RegExp[] {
  const at = value.lastIndexOf('@');
  if (at > 0 && !mayStandIn(text, value.slice(0, at))) return [];
  if (at > 0)
    return [new RegExp(`(?<![\\p{L}\\p{N}])${escaped(value.slice(0, at))}(?![\\p{L}\\p{N}])`, 'giu')];
  return /^\+\d{7,15}$/.test(value) ? [numberWithPunctuation(value.slice(1))] : [];
}

/** The last seven digits are the subscriber's in every plan; what stands before them may be written in many ways. */
const numberWithPunctuation = (digits: string): RegExp =>
  new RegExp(`[+\\d\\s().-]{0,24}${[...digits.slice(-7)].join('[\\s().-]{0,2}')}`, 'g');
