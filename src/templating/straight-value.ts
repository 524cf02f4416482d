import {
  evalToken,
  type Expression,
  type Filter,
  type Liquid,
  type Token,
  toValueSync,
  TypeGuards,
  type Value,
} from 'liquidjs';

import type { Read } from './straight-function.js';
import { readNegation, readOperator } from './straight-operator.js';
import { hasContent, readPath } from './straight-path.js';

/** What Liquid keeps of a filter, beside what its types show. */
interface FilterParts {
  args: readonly (Token | [name: string, value: Token | undefined])[];
  handler: (this: object, value: unknown, ...args: unknown[]) => unknown;
  liquid: Liquid;
  token: Token;
}

/**
 * An expression with its filters as one function, built once. Liquid walks it anew each time, in a generator for each
 * step of each look-up, because a step might have to wait; ours never do. `isLenient`: what is absent reads as nil.
 */
export function readValue(value: Value, isLenient: boolean): Read {
  const forgives = isLenient || value.filters[0]?.name === 'default';
  return value.filters.reduce(readFilter, readExpression(value.initial, forgives));
}

/** A name, a text, a number: what stands as an argument. Anything rarer is left to Liquid. */
export function readToken(token: Token, isLenient = false): Read {
  if (hasContent(token)) return constantly(token.content);
  return readPath(token, isLenient) ?? ((context) => settled(evalToken(token, context, isLenient)));
}

function readFilter(input: Read, filter: Filter): Read {
  const { args, handler, liquid, token } = filter as unknown as FilterParts;
  if (args.length === 0)
    return (context) => settled(handler.call({ context, token, liquid }, input(context)));
  const read = args.map(readArgument);
  return (context) => {
    const value = input(context);
    const given = read.map((one) => one(context));
    return settled(handler.call({ context, token, liquid }, value, ...given));
  };
}

function readArgument(arg: FilterParts['args'][number]): Read {
  if (!Array.isArray(arg)) return readToken(arg);
  const [name, value] = arg;
  const read = value === undefined ? constantly(undefined) : readToken(value);
  return (context) => [name, read(context)];
}

/** Operands and operators come in postfix order. */
function readExpression({ postfix }: Expression, isLenient: boolean): Read {
  const operands: Read[] = [];
  const operand = (): Read => operands.pop() ?? constantly(undefined);
  for (const token of postfix) {
    if (!TypeGuards.isOperatorToken(token)) {
      operands.push(readToken(token, isLenient));
      continue;
    }
    const last = operand();
    operands.push(
      token.operator === 'not' ? readNegation(last) : readOperator(token.operator, operand(), last),
    );
  }
  return operands[0] ?? constantly(undefined);
}

/** Some filters of Liquid's are generators. */
const settled = (answer: unknown): unknown =>
  typeof answer === 'string' ? answer : toValueSync(answer as never);

const constantly = (value: unknown) => (): unknown => value;
