import { filters as shipped, type FilterImplOptions } from 'liquidjs';

import { inkOn, isHexColour } from './colours.js';
import type { RenderContext } from './render-context.js';
import { safeUrl } from './safe-url.js';
import { DataFault } from './template-error.js';

type Handler = Extract<FilterImplOptions, (...args: never[]) => unknown>;
type FilterThis = ThisParameterType<Handler>;

/**
 * What a template may call besides Liquid's own. Each either answers with something safe where it is used, or
 * refuses the value with the fault's words.
 */
export const FILTERS: Record<string, FilterImplOptions> = {
  safe_url: handlerOf('is not an http, https, mailto or tel address', safeUrl),
  hex_color: handlerOf('is not a colour as #2447d8', (text) => (isHexColour(text) ? text : undefined)),
  ink_on: handlerOf('is not a colour as #2447d8', (text) => (isHexColour(text) ? inkOn(text) : undefined)),
  ...pureDates(),
};

/** In HTML the line breaks are added after the escaping, so its answer is not escaped again. */
export const HTML_FILTERS: Record<string, FilterImplOptions> = {
  newline_to_br: {
    raw: true,
    handler(this: FilterThis, value: unknown): string {
      return escapeHtml.call(this, value).replace(/\r?\n/g, '<br>\n');
    },
  },
};

/** `raw` would switch escaping off for hostile data; `sample` renders the same data in two ways. */
export const FORBIDDEN_FILTERS = ['raw', 'sample'] as const;

/** What is printed must be text: "[object Object]" in a customer's letter is a fault, not a value. */
export function toText(this: FilterThis, value: unknown): string {
  if (typeof value === 'string') return charged(this, value);
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new DataFault(
    Array.isArray(value) ? 'is a list where text is wanted' : 'is an object where text is wanted',
    value,
  );
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
};

const SPECIAL = /[&<>"']/;

export function escapeHtml(this: FilterThis, value: unknown): string {
  const text = toText.call(this, value);
  return SPECIAL.test(text) ? text.replace(/[&<>"']/g, (letter) => ENTITIES[letter]!) : text;
}

/** Liquid counts what filters allocate; text that is only printed would go uncounted. */
function charged(filter: FilterThis, text: string): string {
  filter.context.memoryLimit.use(text.length);
  return text;
}

function handlerOf(refusal: string, accept: (text: string) => string | undefined): Handler {
  return function (this: FilterThis, value: unknown): string {
    if (value === null && (this.context as RenderContext).isCounting) return '';
    const accepted = typeof value === 'string' ? accept(value) : undefined;
    if (accepted === undefined) throw new DataFault(refusal, value);
    return accepted;
  };
}

/** An attempt that is repeated must send the same letter: the time of rendering may not show in it. */
function pureDates(): Record<string, Handler> {
  const names = Object.keys(shipped).filter((name) => name.startsWith('date'));
  return Object.fromEntries(names.map((name) => [name, pure((shipped as Record<string, Handler>)[name]!)]));
}

function pure(handler: Handler): Handler {
  return function (this: FilterThis, value: unknown, ...args: unknown[]): unknown {
    if (value === 'now' || value === 'today') {
      throw new DataFault(
        'is the time of rendering; a letter must be the same on every attempt, so give a date',
        value,
      );
    }
    return handler.call(this, value, ...args);
  };
}
