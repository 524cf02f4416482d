import {
  AssignTag,
  BlockTag,
  ForTag,
  IfTag,
  IncludeTag,
  isTruthy,
  LayoutTag,
  Output,
  type Template,
  toValue,
  toValueSync,
  TypeGuards,
  UnlessTag,
  type Value,
} from 'liquidjs';

import { hasControls } from './letter-text.js';
import type { RenderContext } from './render-context.js';
import { writePartial } from './straight-include.js';
import { writeBlock, writeLayout } from './straight-layout.js';
import { writeLoop } from './straight-loop.js';
import { readValue } from './straight-value.js';
import type { Compile, Write } from './straight-function.js';

/** The nodes a letter is made of, hundreds of them, as functions; all that is rare as Liquid has it. */
export function writeNode(node: Template, compile: Compile): Write {
  if (TypeGuards.isHTMLToken(node.token)) return writeText(node.token.getContent());
  if (node instanceof Output) return writeOutput(node);
  if (node instanceof IfTag) return writeBranches(node, isTruthy, compile);
  if (node instanceof UnlessTag) return writeBranches(node, undefined, compile);
  if (node instanceof AssignTag) return assign(node);
  if (node instanceof IncludeTag) return writePartial(node, compile) ?? writeAsLiquid(node);
  if (node instanceof ForTag) return writeLoop(node, compile);
  if (node instanceof LayoutTag) return writeLayout(node, compile);
  if (node instanceof BlockTag) return writeBlock(node, compile);
  return writeAsLiquid(node);
}

function writeText(text: string): Write {
  const withControls = hasControls(text);
  return (_, emitter) => {
    emitter.writeKnown(text, withControls);
  };
}

function writeOutput({ value }: Output): Write {
  const read = readValue(value, false);
  return (context, emitter) => {
    emitter.write(toValue(read(context)) as string);
  };
}

const writeAsLiquid =
  (node: Template): Write =>
  (context, emitter) => {
    const text: unknown = toValueSync(node.render(context, emitter) as never);
    if (text) emitter.write(text as string);
  };

type Test = (value: unknown, context: RenderContext) => boolean;

interface Branch {
  value: Value;
  templates: Template[];
  /** `unless` turns its first condition round. */
  test?: Test;
}

interface Branches {
  branches: readonly Branch[];
  elseTemplates?: Template[] | undefined;
}

/** From the last to the first: each holds, or hands on to the next. */
function writeBranches(
  { branches, elseTemplates }: Branches,
  test: Test | undefined,
  compile: Compile,
): Write {
  let otherwise = elseTemplates && compile(elseTemplates);
  for (const branch of branches.toReversed()) {
    otherwise = writeBranch(branch, (branch.test ?? test)!, compile, otherwise);
  }
  return otherwise!;
}

function writeBranch(
  { value, templates }: Branch,
  holds: Test,
  compile: Compile,
  otherwise: Write | undefined,
): Write {
  const read = readValue(value, true);
  const write = compile(templates);
  return (context, emitter) => {
    if (holds(toValue(read(context)), context)) write(context, emitter);
    else otherwise?.(context, emitter);
  };
}

function assign(node: AssignTag): Write {
  const { key, value } = node as unknown as { key: string; value: Value };
  const read = readValue(value, true);
  return (context) => {
    context.bottom()[key] = read(context);
  };
}
