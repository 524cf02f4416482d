/**
 * What people write to get no more texts, or to get them again. Carriers and vendors ask for these words; they count only
 * as the whole message.
 * Sources: twilio.com/docs/messaging/tutorials/advanced-opt-out (default words);
 * docs.aws.amazon.com/sms-voice/latest/userguide/keywords-required.html (the French and the short ones).
 */
const STOP = new Set([
  'STOP',
  'UNSUBSCRIBE',
  'END',
  'QUIT',
  'STOPALL',
  'REVOKE',
  'OPTOUT',
  'CANCEL',
  'OPT-OUT',
  'REMOVE',
  'ARRET',
  'ARRÊT',
  'TD',
]);
const START = new Set(['START', 'YES', 'UNSTOP']);

/** Longer is no single word. Characters. */
const MAX_TEXT = 32;

/** What a text asks for; undefined for every other text. */
export function optOutWordIn(text: string): 'stop' | 'start' | undefined {
  if (text.length > MAX_TEXT) return undefined;
  const word = text
    .trim()
    .replace(/[.!]+$/, '')
    .toUpperCase();
  if (STOP.has(word)) return 'stop';
  return START.has(word) ? 'start' : undefined;
}
