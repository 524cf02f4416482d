// A control character, a quote, a backslash or half a surrogate pair: what JSON writes otherwise than it is.
const NEEDS_ESCAPES = /[\u0000-\u001f"\\\ud800-\udfff]/;

/** Above this, inserting one after the other is slower. */
const FEW = 24;

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
  const names = sorted(Object.keys(object));
  let text = '{';
  for (let at = 0; at < names.length; at++) {
    const name = names[at]!;
    text += `${at === 0 ? '' : ','}${quoted(name)}:${canonicalJson(object[name])}`;
  }
  return `${text}}`;
}

/** In place, by UTF-16 code units as `sort` does, which needs a list of its own for each call; most objects have few names. */
function sorted(names: string[]): string[] {
  if (names.length > FEW) return names.sort();
  for (let end = 1; end < names.length; end++) {
    const name = names[end]!;
    let at = end;
    for (; at > 0 && names[at - 1]! > name; at--) names[at] = names[at - 1]!;
    names[at] = name;
  }
  return names;
}

const quoted = (text: string): string => (NEEDS_ESCAPES.test(text) ? JSON.stringify(text) : `"${text}"`);
