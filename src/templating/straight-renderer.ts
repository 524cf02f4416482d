import { type Emitter, LiquidError, RenderError, type Template } from 'liquidjs';

import type { RenderContext } from './render-context.js';
import { type Write, writeNode } from './straight-node.js';

interface Step {
  node: Template;
  write: Write;
}

/**
 * Renders what Liquid has parsed, from start to end without a pause: the same letters as Liquid's own renderer, which can wait
 * in the middle of each look-up and takes five times as long for it. Liquid's own nodes take it for theirs, and it runs
 * them where it has nothing better.
 */
export class StraightRenderer {
  /** By the nodes of a file or of a branch in it, which live as long as the templates do. */
  private readonly known = new WeakMap<readonly Template[], readonly Step[]>();

  /** Throws what Liquid would throw, with the place where it happened. */
  renderTemplates(
    nodes: readonly Template[],
    context: RenderContext,
    emitter: Emitter = new TextEmitter(),
  ): string {
    for (const { node, write } of this.stepsOf(nodes)) {
      context.renderTime.count();
      try {
        write(context, emitter);
      } catch (error) {
        throw LiquidError.is(error) ? error : new RenderError(error as Error, node);
      }
      if (context.breakCalled || context.continueCalled) break;
    }
    return emitter.buffer;
  }

  private stepsOf(nodes: readonly Template[]): readonly Step[] {
    let steps = this.known.get(nodes);
    if (!steps) {
      steps = nodes.map((node) => ({ node, write: writeNode(node, this.writeAll) }));
      this.known.set(nodes, steps);
    }
    return steps;
  }

  private readonly writeAll = (
    nodes: readonly Template[],
    context: RenderContext,
    emitter: Emitter,
  ): void => {
    this.renderTemplates(nodes, context, emitter);
  };
}

/** All that is printed is text by now (`toText`), and tags write text. */
class TextEmitter implements Emitter {
  buffer = '';

  write(text: string): void {
    this.buffer += text;
  }
}
