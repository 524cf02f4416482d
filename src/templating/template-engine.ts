import { IncludeTag, LayoutTag, Liquid, RenderTag, type Template } from 'liquidjs';

import { StraightRenderer } from './straight-renderer.js';
import { escapeHtml, FILTERS, FORBIDDEN_FILTERS, HTML_FILTERS, toText } from './filters.js';

/** A page of HTML mail is under 100,000 characters: what is longer is no template. Characters, per file. */
export const LARGEST_FILE = 256_000;

/** The largest letter (see letter-text.ts) a few times over. Characters and list items, summed over one rendering. */
const MEMORY_LIMIT = 2_000_000;

/** Escaping depends on what is written: `html` escapes all that is printed, `text` nothing. */
export type Medium = 'html' | 'text';

/**
 * Liquid, made strict: an absent variable and an unknown filter are faults, only own properties are seen, and the
 * only files it can ever name are the shared ones given here, by a name written in the template.
 */
export function createEngine(medium: Medium, shared: Readonly<Record<string, string>>): Liquid {
  const engine = new Liquid({
    strictVariables: true,
    strictFilters: true,
    lenientIf: true, // `{% if x %}` and `| default:` are how a template says that x may be absent
    ownPropertyOnly: true,
    templates: shared,
    extname: '.liquid',
    cache: true,
    timezoneOffset: 0, // a letter must not depend on the machine that renders it
    preserveTimezones: true,
    locale: 'en',
    parseLimit: LARGEST_FILE,
    memoryLimit: MEMORY_LIMIT,
    outputEscape: medium === 'html' ? escapeHtml : toText,
  });
  for (const [name, filter] of Object.entries({ ...FILTERS, ...(medium === 'html' ? HTML_FILTERS : {}) })) {
    engine.registerFilter(name, filter);
  }
  for (const name of FORBIDDEN_FILTERS) engine.unregisterFilter(name);
  for (const [name, tag] of Object.entries({ layout: LayoutTag, include: IncludeTag, render: RenderTag })) {
    engine.registerTag(name, withWrittenName(tag));
  }
  return Object.assign(engine, { renderer: new StraightRenderer() as unknown as Liquid['renderer'] });
}

/** `{% include user_choice %}` and `{% include 'a-{{ x }}' %}` are refused when the file is read. */
function withWrittenName<T extends typeof LayoutTag | typeof IncludeTag | typeof RenderTag>(tag: T): T {
  class WrittenName extends (tag as typeof LayoutTag) {
    constructor(...args: ConstructorParameters<typeof LayoutTag>) {
      super(...args);
      if (typeof this.file !== 'string')
        throw new Error('the name of a layout or partial must be written out, in quotes');
    }
  }
  return WrittenName as unknown as T;
}

/** `{% layout %}` and friends inside a parsed template, with the names they ask for. */
export function sharedNames(nodes: readonly Template[]): string[] {
  const isShared = (node: Template): node is Template & { file: string } =>
    node instanceof LayoutTag || node instanceof IncludeTag || node instanceof RenderTag;
  return nodes.flatMap((node) => [
    ...(isShared(node) ? [node.file] : []),
    ...sharedNames(node.children ? childrenOf(node) : []),
  ]);
}

/** Without partials a node's children need no file: the generator ends at its first step. */
function childrenOf(node: Template): Template[] {
  const step = node.children!(false, true).next();
  return step.done === true ? step.value : [];
}
