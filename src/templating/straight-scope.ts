import type { Hash } from 'liquidjs';

import type { RenderContext } from './render-context.js';
import { readToken } from './straight-value.js';

/** Names given to a part of a template, and nothing inherited. */
export type Scope = Record<string, unknown>;

export type ReadScope = (context: RenderContext) => Scope;

export const scopeOf = (names: Scope): Scope => Object.assign(Object.create(null) as Scope, names);

/** What stands after a tag: `name: value, other: 2`. A name alone is true. */
export function readArguments({ hash }: Hash): ReadScope {
  const given = Object.entries(hash).map(
    ([name, token]) => [name, token ? readToken(token) : (): unknown => true] as const,
  );
  return (context) => {
    const scope = scopeOf({});
    for (const [name, read] of given) scope[name] = read(context);
    return scope;
  };
}
