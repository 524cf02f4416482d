/** A JSON pointer below the root (RFC 6901 §3). */
export const JSON_POINTER_PATTERN = '^(/([^~/]|~[01])*)+$';

/** The string or whole number an answer has at a pointer; undefined for anything else, also for what is no JSON. */
export function readPointer(text: string, pointer: string): string | undefined {
  const value = tokensOf(pointer).reduce(childOf, parse(text));
  if (typeof value === 'string') return value;
  return Number.isSafeInteger(value) ? String(value) : undefined;
}

const tokensOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));

/** Own members only: `/constructor/name` is nobody's id. */
function childOf(value: unknown, token: string): unknown {
  if (Array.isArray(value))
    return /^(0|[1-9]\d{0,5})$/.test(token) ? (value[Number(token)] as unknown) : undefined;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, token)) return undefined;
  return (value as Record<string, unknown>)[token];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
