import {
  AssignTag,
  type Emitter,
  type Hash,
  IfTag,
  IncludeTag,
  isTruthy,
  type Liquid,
  Output,
  type Template,
  toValue,
  toValueSync,
  TypeGuards,
  UnlessTag,
  type Value,
} from 'liquidjs';

import type { RenderContext } from './render-context.js';
import { type Read, readToken, readValue } from './straight-value.js';

/** Writes what one node of a template comes to. */
export type Write = (context: RenderContext, emitter: Emitter) => void;

/** Renders the nodes below another one. */
export type WriteAll = (nodes: readonly Template[], context: RenderContext, emitter: Emitter) => void;

/** The nodes a letter is made of, hundreds of them, as functions; loops, layouts and all that is rare as Liquid has them. */
export function writeNode(node: Template, writeAll: WriteAll): Write {
  if (TypeGuards.isHTMLToken(node.token)) return writeText(node.token.getContent());
  if (node instanceof Output) return writeOutput(readValue(node.value, false));
  if (node instanceof IfTag) return writeBranch(node, (value, context) => isTruthy(value, context), writeAll);
  if (node instanceof UnlessTag) return writeBranch(node, undefined, writeAll);
  if (node instanceof AssignTag) return assign(node as unknown as AssignParts);
  if (node instanceof IncludeTag && !(node as unknown as IncludeParts).withVar) {
    return writePartial(node as unknown as IncludeParts, writeAll);
  }
  return writeAsLiquid(node);
}

const writeText =
  (text: string): Write =>
  (_, emitter) =>
    emitter.write(text);

const writeOutput =
  (read: Read): Write =>
  (context, emitter) =>
    emitter.write(toValue(read(context)));

const writeAsLiquid =
  (node: Template): Write =>
  (context, emitter) => {
    const text: unknown = toValueSync(node.render(context, emitter) as never);
    if (text) emitter.write(text);
  };

interface Branch {
  value: Value;
  templates: Template[];
  /** `unless` turns its first condition round. */
  test?: (value: unknown, context: RenderContext) => boolean;
}

function writeBranch(
  { branches, elseTemplates }: { branches: readonly Branch[]; elseTemplates?: Template[] | undefined },
  test: Branch['test'],
  writeAll: WriteAll,
): Write {
  const choices = branches.map((branch) => ({
    holds: (branch.test ?? test)!,
    read: readValue(branch.value, true),
    nodes: branch.templates,
  }));
  return (context, emitter) => {
    const taken = choices.find(({ holds, read }) => holds(toValue(read(context)), context));
    const nodes = taken?.nodes ?? elseTemplates;
    if (nodes) writeAll(nodes, context, emitter);
  };
}

interface AssignParts {
  key: string;
  value: Value;
}

function assign({ key, value }: AssignParts): Write {
  const read = readValue(value, true);
  return (context) => {
    context.bottom()[key] = read(context);
  };
}

interface IncludeParts {
  file: string;
  currentFile?: string;
  withVar?: unknown;
  hash: Hash;
  liquid: Liquid;
}

/** What Liquid calls the mode in which a block writes itself where it stands. */
const BLOCKS_WRITE_THEMSELVES = 0;

function writePartial({ file, currentFile, hash, liquid }: IncludeParts, writeAll: WriteAll): Write {
  const given = Object.entries(hash.hash).map(
    ([name, token]) => [name, token ? readToken(token) : (): unknown => true] as const,
  );
  let nodes: Template[] | undefined;
  return (context, emitter) => {
    // Not before it is needed: a partial may include itself.
    nodes ??= toValueSync<Template[]>(liquid._parsePartialFile(file, true, currentFile));
    const saved = context.saveRegister('blocks', 'blockMode');
    context.setRegister('blocks', {});
    context.setRegister('blockMode', BLOCKS_WRITE_THEMSELVES);
    const scope = Object.create(null) as Record<string, unknown>;
    for (const [name, read] of given) scope[name] = read(context);
    context.push(scope);
    writeAll(nodes, context, emitter);
    context.pop();
    context.restoreRegister(saved);
  };
}
