import { isFalsy, isTruthy, toValueSync } from 'liquidjs';

import type { Read } from './straight-function.js';

type Side = string | number | boolean | null | undefined;

/** What Liquid's operators come to when neither side is a list, an object, or one of its own words (`empty`, `nil`). */
const COMPARISONS: Readonly<Record<string, (left: never, right: never) => boolean>> = {
  '==': (left: Side, right: Side) => left === right,
  '!=': (left: Side, right: Side) => left !== right,
  '>': (left: number, right: number) => left > right,
  '<': (left: number, right: number) => left < right,
  '>=': (left: number, right: number) => left >= right,
  '<=': (left: number, right: number) => left <= right,
};

/** `and` and `or` look at both sides, as they do in Liquid. */
export function readOperator(operator: string, left: Read, right: Read): Read {
  switch (operator) {
    case 'and':
      return readBoth(left, right, (one, other) => one && other);
    case 'or':
      return readBoth(left, right, (one, other) => one || other);
    default:
      return readComparison(operator, left, right);
  }
}

export const readNegation =
  (read: Read): Read =>
  (context) =>
    isFalsy(read(context), context);

const readBoth =
  (left: Read, right: Read, join: (left: boolean, right: boolean) => boolean): Read =>
  (context) => {
    const one = left(context);
    const other = right(context);
    return join(isTruthy(one, context), isTruthy(other, context));
  };

function readComparison(operator: string, left: Read, right: Read): Read {
  const compare = COMPARISONS[operator];
  return (context) => {
    const one = left(context);
    const other = right(context);
    if (compare && isSide(one) && isSide(other)) return compare(one as never, other as never);
    return toValueSync(context.opts.operators[operator]!(one, other, context) as never);
  };
}

const isSide = (value: unknown): value is Side =>
  value === null || (typeof value !== 'object' && typeof value !== 'function');
