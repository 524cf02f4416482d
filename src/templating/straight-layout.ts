import {
  type BlockTag,
  Drop,
  type Hash,
  type LayoutTag,
  type Liquid,
  type Template,
  toValueSync,
} from 'liquidjs';

import { LetterEmitter } from './letter-emitter.js';
import type { RenderContext } from './render-context.js';
import { readArguments, scopeOf } from './straight-scope.js';
import type { Compile, Write } from './straight-function.js';

/** Liquid's names for what a block does where it stands: it writes itself, or it is kept for the layout. */
const WRITE = 0;
const KEEP = 1;

/** Writes a block as the innermost file has it; `outer` is what it replaces, its `block.super`. */
type WriteBlock = (outer: OuterBlock, emitter: LetterEmitter) => void;

/** What Liquid keeps of a `layout`, beside what its types show. */
interface LayoutParts {
  file: string;
  currentFile?: string;
  args: Hash;
  templates: Template[];
  liquid: Liquid;
}

export function writeLayout(node: LayoutTag, compile: Compile): Write {
  const { file, currentFile, args, templates, liquid } = node as unknown as LayoutParts;
  const writeRest = compile(templates);
  const readScope = readArguments(args);
  let write: Write | undefined;
  return (context, emitter) => {
    // Not before it is needed: a layout may name itself.
    write ??= compile(toValueSync<Template[]>(liquid._parseLayoutFile(file, true, currentFile)));
    context.setRegister('blockMode', KEEP);
    const rest = new LetterEmitter();
    writeRest(context, rest);
    // What stands outside of blocks takes the place of the block without a name.
    blocksOf(context)[''] ??= (_, into) => into.writeKnown(rest.buffer, rest.hasControls);
    context.setRegister('blockMode', WRITE);
    context.push(readScope(context));
    write(context, emitter);
    context.pop();
  };
}

export function writeBlock(node: BlockTag, compile: Compile): Write {
  const { block: name, templates } = node;
  const write = compile(templates);
  const writeOwn =
    (context: RenderContext): WriteBlock =>
    (outer, emitter) => {
      const stack = context.getRegister<BlockTag[]>('blockStack', []);
      if (stack.includes(node)) throw new Error('block tag cannot be nested');
      stack.push(node);
      context.push(scopeOf({ block: outer }));
      write(context, emitter);
      context.pop();
      stack.pop();
    };
  return (context, emitter) => {
    const own = writeOwn(context);
    const inner = blocksOf(context)[name];
    const writeInnermost: WriteBlock = inner
      ? (outer, into) => {
          context.depth.enter(); // a block in a loop replaces the one before it as often as the data say
          inner(new OuterBlock((below) => own(outer, below)), into);
          context.depth.leave();
        }
      : own;
    if (context.getRegister('blockMode') === KEEP) blocksOf(context)[name] = writeInnermost;
    else writeInnermost(new OuterBlock(), emitter);
  };
}

const blocksOf = (context: RenderContext): Record<string, WriteBlock> => context.getRegister('blocks', {});

/** The variable `block`, of which a template has use for `super`. Its field is named as Liquid's is. */
class OuterBlock extends Drop {
  constructor(private readonly superBlockRender: (emitter: LetterEmitter) => void = () => undefined) {
    super();
  }

  /** `{{ block.super }}` */
  super(): string {
    const emitter = new LetterEmitter();
    this.superBlockRender(emitter);
    return emitter.buffer;
  }
}
