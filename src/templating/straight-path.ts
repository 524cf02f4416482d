import { type Token, toValue, TypeGuards, UndefinedVariableError } from 'liquidjs';

import { hasMeaning, isPlain } from './render-context.js';
import type { Read } from './straight-function.js';

/** `brand.name`, `lines[0]`, `a["b c"]`, all of it written out; undefined for what is not. */
export function readPath(token: Token, isLenient: boolean): Read | undefined {
  const segments = writtenPath(token);
  if (!segments) return undefined;
  const search = readSearched(token, segments, isLenient);
  return segments.every(isPlainName) ? readPlainly(segments, isLenient, search) : search;
}

function writtenPath(token: Token): unknown[] | undefined {
  if (!TypeGuards.isPropertyAccessToken(token) || token.variable || !token.props.every(hasContent)) {
    return undefined;
  }
  return token.props.map(({ content }) => toValue(content) as unknown);
}

export const hasContent = <T extends Token>(token: T): token is T & { content: unknown } =>
  'content' in token;

/** As Liquid goes: past lists, texts, and what it puts beside the data itself. */
function readSearched(token: Token, segments: readonly unknown[], isLenient: boolean): Read {
  return (context) => {
    try {
      return context.read(segments, isLenient);
    } catch (error) {
      throw new UndefinedVariableError(error as Error, token);
    }
  };
}

const isPlainName = (segment: unknown): segment is string =>
  typeof segment === 'string' && !hasMeaning(segment);

/** Through objects as JSON makes them, which is nearly always all there is; anything else is searched. */
function readPlainly([name, ...members]: string[], isLenient: boolean, search: Read): Read {
  const readAbsent: Read = isLenient ? () => null : search;
  return (context) => {
    let value = context.named(name!);
    for (const member of members) {
      if (value === undefined) break;
      if (!isPlain(value)) return search(context);
      value = value[member];
    }
    return value === undefined ? readAbsent(context) : value;
  };
}
