import type { Template } from 'liquidjs';

import type { LetterEmitter } from './letter-emitter.js';
import type { RenderContext } from './render-context.js';

/** Answers what an expression of a template is worth now. */
export type Read = (context: RenderContext) => unknown;

/** Writes what one node of a template, or a row of them, comes to. */
export type Write = (context: RenderContext, emitter: LetterEmitter) => void;

/** Makes one function of the nodes below another one. */
export type Compile = (nodes: readonly Template[]) => Write;
