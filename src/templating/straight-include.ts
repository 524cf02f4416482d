import { type Hash, type IncludeTag, type Liquid, type Template, toValueSync } from 'liquidjs';

import { readArguments } from './straight-scope.js';
import type { Compile, Write } from './straight-function.js';

/** What Liquid keeps of an `include`, beside what its types show. */
interface IncludeParts {
  file: string;
  currentFile?: string;
  withVar?: unknown;
  hash: Hash;
  liquid: Liquid;
}

/** What Liquid calls the mode in which a block writes itself where it stands. */
const BLOCKS_WRITE_THEMSELVES = 0;

/** Undefined for `with`, which nobody writes. */
export function writePartial(node: IncludeTag, compile: Compile): Write | undefined {
  const { file, currentFile, withVar, hash, liquid } = node as unknown as IncludeParts;
  if (withVar) return undefined;
  const readScope = readArguments(hash);
  let write: Write | undefined;
  return (context, emitter) => {
    const blocks: unknown = context.getRegister('blocks');
    const blockMode: unknown = context.getRegister('blockMode');
    context.setRegister('blocks', {});
    context.setRegister('blockMode', BLOCKS_WRITE_THEMSELVES);
    const scope = readScope(context);
    // Not before it is needed: a partial may include itself.
    write ??= compile(toValueSync<Template[]>(liquid._parsePartialFile(file, true, currentFile)));
    context.push(scope);
    write(context, emitter);
    context.pop();
    context.setRegister('blocks', blocks);
    context.setRegister('blockMode', blockMode);
  };
}
