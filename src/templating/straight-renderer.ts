import { LiquidError, RenderError, type Template } from 'liquidjs';

import { LetterEmitter } from './letter-emitter.js';
import type { RenderContext } from './render-context.js';
import { writeNode } from './straight-node.js';
import type { Compile, Write } from './straight-function.js';

/**
 * Renders what Liquid has parsed, from start to end without a pause: the same letters as Liquid's own renderer, which can wait
 * in the middle of each look-up and takes five times as long for it. Liquid's own nodes take it for theirs, and it runs
 * them where it has nothing better.
 */
export class StraightRenderer {
  /** By the nodes of a file or of a branch in it, which live as long as the templates do. */
  private readonly known = new WeakMap<readonly Template[], Write>();

  /** Throws what Liquid would throw, with the place where it happened. */
  renderTemplates(nodes: readonly Template[], context: RenderContext, emitter = new LetterEmitter()): string {
    this.compile(nodes)(context, emitter);
    return emitter.buffer;
  }

  private readonly compile = (nodes: readonly Template[]): Write => {
    let write = this.known.get(nodes);
    if (!write) this.known.set(nodes, (write = writeNodes(nodes, this.compile)));
    return write;
  };
}

interface Step {
  node: Template;
  write: Write;
}

function writeNodes(nodes: readonly Template[], compile: Compile): Write {
  let steps: readonly Step[] | undefined;
  return (context, emitter) => {
    context.depth.enter();
    // Not before they are needed: a branch that no letter takes costs nothing.
    steps ??= nodes.map((node) => ({ node, write: writeNode(node, compile) }));
    for (const { node, write } of steps) {
      context.renderTime.count();
      try {
        write(context, emitter);
      } catch (error) {
        throw LiquidError.is(error) ? error : new RenderError(error as Error, node);
      }
      if (context.breakCalled || context.continueCalled) break;
    }
    context.depth.leave();
  };
}
