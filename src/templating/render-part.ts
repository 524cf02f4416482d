import { toValueSync } from 'liquidjs';

import { Absences } from './absences.js';
import { pointerTo } from './data-pointer.js';
import { LetterEmitter } from './letter-emitter.js';
import type { Rendered } from './letter-text.js';
import type { Data } from './template-files.js';
import type { CompiledPart } from './template-compiler.js';
import { MissingVariable, RenderContext } from './render-context.js';
import { DataFault, type TemplateFault } from './template-error.js';

/** Renders one part. Whatever goes wrong is the data's or the template's fault, and is told as a value. */
export function renderPart(part: CompiledPart, data: Data): Rendered | { faults: TemplateFault[] } {
  try {
    return renderOnce(part, data);
  } catch (error) {
    const missing = causeOf(error);
    return {
      faults:
        missing instanceof MissingVariable ? allMissing(part, data, missing) : [faultOf(part, data, error)],
    };
  }
}

function renderOnce({ engine, nodes }: CompiledPart, data: Data, absences?: Absences): Rendered {
  const letter = new LetterEmitter();
  toValueSync(engine.renderer.renderTemplates(nodes, new RenderContext(data, engine, absences), letter));
  return { text: letter.buffer, hasControls: letter.hasControls };
}

/**
 * Renders again with what is missing read as nil: so conditions decide what is needed, as they do when it is sent. (Reading
 * the template instead would also ask for what no branch prints.)
 */
function allMissing(part: CompiledPart, data: Data, first: MissingVariable): TemplateFault[] {
  const absences = new Absences(first.pointer);
  try {
    renderOnce(part, data, absences);
  } catch {
    // Enough has been found, or what is not missing is at fault: told when nothing is missing any more.
  }
  return absences.pointers.map((pointer) => ({ path: `/data${pointer}`, message: 'is not given' }));
}

/** Words of ours, or the place in the template: what Liquid says may quote the data. */
function faultOf(part: CompiledPart, data: Data, error: unknown): TemplateFault {
  const cause = causeOf(error);
  if (cause instanceof DataFault) {
    const pointer = pointerTo(data, cause.value) ?? '';
    return { path: `/data${pointer}`, message: `${cause.message} (${placeOf(part, error)})` };
  }
  const isLimit =
    cause instanceof RangeError || (cause instanceof Error && cause.message.includes('limit exceeded'));
  const what = isLimit ? 'takes too much time or memory to render' : 'cannot be rendered';
  return { path: '/data', message: `${what} (${placeOf(part, error)})` };
}

interface LiquidFault {
  originalError?: unknown;
  token?: { file?: string; getPosition(): [line: number, column: number] };
}

/** Liquid wraps what happened in where it happened, more than once. */
function causeOf(error: unknown): unknown {
  let cause = error;
  while (cause instanceof Error && (cause as LiquidFault).originalError !== undefined)
    cause = (cause as LiquidFault).originalError;
  return cause;
}

function placeOf(part: CompiledPart, error: unknown): string {
  const token = (error as LiquidFault | undefined)?.token;
  return `${token?.file ?? part.file}:${token?.getPosition()[0] ?? 1}`;
}
