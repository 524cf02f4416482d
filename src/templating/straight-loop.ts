import { Drop, type ForTag, toValue } from 'liquidjs';

import type { RenderContext } from './render-context.js';
import { readArguments, type ReadScope, type Scope, scopeOf } from './straight-scope.js';
import { readToken } from './straight-value.js';
import type { Compile, Write } from './straight-function.js';

/** `for`, with `limit`, `offset`, `reversed` and `else`. */
export function writeLoop(node: ForTag, compile: Compile): Write {
  const { variable, collection } = node;
  const name = collection.getText();
  const read = readToken(collection);
  const pick = picker(node, name);
  const write = compile(node.templates);
  const writeElse = compile(node.elseTemplates);
  return (context, emitter) => {
    const all = toList(read(context));
    if (all.length === 0) {
      writeElse(context, emitter);
      return;
    }
    const items = pick(all, context);
    const scope: Scope = scopeOf({ forloop: new Loop(items.length, name, variable) });
    context.push(scope);
    for (const item of items) {
      scope[variable] = item;
      context.continueCalled = context.breakCalled = false;
      write(context, emitter);
      if (context.breakCalled) break;
      (scope['forloop'] as Loop).next();
    }
    context.continueCalled = context.breakCalled = false;
    context.pop();
  };
}

type Pick = (all: unknown[], context: RenderContext) => unknown[];

/** Keeps for `offset: continue` how far the loop over the same thing has come. */
function picker({ variable, hash }: ForTag, name: string): Pick {
  const key = `continue-${variable}-${name}`;
  const readBounds = readArguments(hash);
  const hasBounds = Object.keys(hash.hash).length > 0;
  return (all, context) => {
    const bounds = hasBounds ? boundsOf(readBounds, key, context) : {};
    const items = within(bounds, all);
    context.setRegister(key, ((bounds.offset || 0) as number) + items.length);
    return items;
  };
}

interface Bounds {
  offset?: unknown;
  limit?: unknown;
  reversed?: unknown;
}

function boundsOf(read: ReadScope, key: string, context: RenderContext): Bounds {
  context.push(scopeOf({ continue: context.getRegister(key, {}) }));
  const bounds = read(context);
  context.pop();
  return bounds;
}

/** In this order, however they are written. What is no number counts as JavaScript has it, as it does in Liquid. */
function within({ offset, limit, reversed }: Bounds, all: unknown[]): unknown[] {
  const rest = offset === undefined ? all : all.slice(offset as number);
  const items = limit === undefined ? rest : rest.slice(0, limit as number);
  return reversed === undefined ? items : items.toReversed();
}

/** A text is a list of itself, an object one of its names and values. */
function toList(given: unknown): unknown[] {
  const value: unknown = toValue(given);
  if (Array.isArray(value)) return value;
  if (typeof value === 'string') return value === '' ? [] : [value];
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}

/** The variable `forloop`. Its fields are those of Liquid's, and what a template can see of it is the same. */
class Loop extends Drop {
  private i = 0;
  readonly length: number;
  readonly name: string;

  constructor(length: number, collection: string, variable: string) {
    super();
    this.length = length;
    this.name = `${variable}-${collection}`;
  }

  next(): void {
    this.i++;
  }

  index0(): number {
    return this.i;
  }

  index(): number {
    return this.i + 1;
  }

  first(): boolean {
    return this.i === 0;
  }

  last(): boolean {
    return this.i === this.length - 1;
  }

  rindex(): number {
    return this.length - this.i;
  }

  rindex0(): number {
    return this.length - this.i - 1;
  }

  override valueOf(): string {
    return JSON.stringify(this);
  }
}
