// A control character, a quote, a backslash or half a surrogate pair: what JSON writes otherwise than it is.
const NEEDS_ESCAPES = /[\u0000-\u001f"\\\ud800-\udfff]/;

/**
 * JSON with sorted names: the order in which a caller's library writes fields is not content.
 *
 * Runs at every request: strings that need no escapes are quoted here, a native call for each would cost four times that.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  return Array.isArray(value) ? canonicalArray(value) : canonicalObject(value as Record<string, unknown>);
}

function canonicalArray(items: readonly unknown[]): string {
  let text = '[';
  for (let at = 0; at < items.length; at++) text += (at === 0 ? '' : ',') + canonicalJson(items[at]);
  return `${text}]`;
}

function canonicalObject(object: Record<string, unknown>): string {
  const names = Object.keys(object);
  if (names.length > 1) names.sort();
  let text = '{';
  for (let at = 0; at < names.length; at++) {
    const name = names[at]!;
    text += `${at === 0 ? '' : ','}${quoted(name)}:${canonicalJson(object[name])}`;
  }
  return `${text}}`;
}

const quoted = (text: string): string => (NEEDS_ESCAPES.test(text) ? JSON.stringify(text) : `"${text}"`);
