/** Of what a caller named a field, enough to find it again: an answer must not grow with the names in a question. */
const MAX_NAME = 64;

/** One step of a JSON pointer (RFC 6901). */
export const pointerTo = (name: string | number): string =>
  `/${String(name).slice(0, MAX_NAME).replaceAll('~', '~0').replaceAll('/', '~1')}`;
