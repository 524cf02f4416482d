import {
  evalToken,
  type Expression,
  type Filter,
  type Liquid,
  type Token,
  toValue,
  toValueSync,
  TypeGuards,
  UndefinedVariableError,
  type Value,
} from 'liquidjs';

import type { RenderContext } from './render-context.js';

/** Answers what an expression of a template is worth now. */
export type Read = (context: RenderContext) => unknown;

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
  const segments = writtenPath(token);
  if (!segments) return (context) => settled(evalToken(token, context, isLenient));
  return (context) => {
    try {
      return context.read(segments, isLenient);
    } catch (error) {
      throw new UndefinedVariableError(error as Error, token);
    }
  };
}

function readFilter(input: Read, filter: Filter): Read {
  const { args, handler, liquid, token } = filter as unknown as FilterParts;
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

/** Operands and operators come in postfix order; `and` and `or` look at both sides, as they do in Liquid. */
function readExpression({ postfix }: Expression, isLenient: boolean): Read {
  const operands: Read[] = [];
  for (const token of postfix) {
    if (!TypeGuards.isOperatorToken(token)) operands.push(readToken(token, isLenient));
    else operands.push(readOperator(token.operator, operands));
  }
  return operands[0] ?? constantly(undefined);
}

function readOperator(operator: 'not' | '==' | (string & {}), operands: Read[]): Read {
  const sides = operands.splice(operator === 'not' ? -1 : -2);
  return (context) => {
    const values = sides.map((side) => side(context)) as [unknown, unknown];
    return settled(context.opts.operators[operator]!(...values, context));
  };
}

/** `brand.name`, `lines[0]`, `a["b c"]`: all of it written out. */
function writtenPath(token: Token): unknown[] | undefined {
  if (!TypeGuards.isPropertyAccessToken(token) || token.variable || !token.props.every(hasContent)) {
    return undefined;
  }
  return token.props.map(({ content }) => toValue(content) as unknown);
}

/** Some filters and all operators of Liquid's are generators. */
const settled = (answer: unknown): unknown =>
  typeof answer === 'string' ? answer : toValueSync(answer as never);

const hasContent = <T extends Token>(token: T): token is T & { content: unknown } => 'content' in token;

const constantly = (value: unknown) => (): unknown => value;
