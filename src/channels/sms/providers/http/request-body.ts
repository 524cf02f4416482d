import { Liquid, type Template } from 'liquidjs';

/**
 * The body of a request, from the operator's Liquid template. Everything that is printed is escaped for where it stands,
 * so that a text can end neither its JSON string nor its form field, also where the template's author forgot about it:
 * in JSON `"{{ text }}"` and `{{ text | json }}` are equally safe, in a form `{{ text }}` is.
 */
export const BODY_TYPES = ['json', 'form'] as const;
export type BodyType = (typeof BODY_TYPES)[number];

export interface BodyValues {
  /** E.164. */
  to: string;
  text: string;
  /** `ntf_…`, the same on every attempt. */
  id: string;
  /** The id with a digest of the content: the same for the same text only. */
  key: string;
  from?: string;
}

/** A body takes well under a millisecond; this stops the endless ones. Milliseconds. */
const RENDER_LIMIT_MS = 1_000;
/** The longest text is under 1,000 characters. Characters, summed over one rendering. */
const MEMORY_LIMIT = 1_000_000;

/** A text that tries to get out of wherever it stands, and numbers and ids as they come. */
const PROBE: BodyValues = { to: '+15551234567', text: '"}\\,\n&x=1 {{ é', id: 'ntf_a', key: 'ntf_a.b' };

export class RequestBody {
  readonly #engine: Liquid;
  readonly #template: readonly Template[];
  readonly #probe: BodyValues;

  /** Throws an Error that says what is wrong with `body`; never repeats it, because it may hold a secret. */
  constructor(
    source: string,
    readonly type: BodyType,
    from: string | undefined,
  ) {
    this.#engine = engineFor(type);
    let unused: string | undefined;
    try {
      this.#template = this.#engine.parse(source);
      this.#probe = from === undefined ? PROBE : { ...PROBE, from };
      unused = (['to', 'text'] as const).find((name) => !this.dependsOn(name));
    } catch (error) {
      throw new Error(`body ${faultOf(error)}`);
    }
    if (unused !== undefined) throw new Error(`body must have {{ ${unused} }} in it`);
  }

  /** Throws for what the template cannot render, and for what would not be JSON. */
  render(values: BodyValues): string {
    const rendered = this.#engine.renderSync([...this.#template], { ...values }) as string;
    if (this.type === 'form') return rendered.trim().replace(/\s*\n\s*/g, ''); // printed line breaks are %0A by now
    JSON.parse(rendered);
    return rendered;
  }

  /** Whether another value makes another body. */
  dependsOn(name: 'to' | 'text' | 'id' | 'key'): boolean {
    return this.render(this.#probe) !== this.render({ ...this.#probe, [name]: '+15557654321' });
  }
}

function engineFor(type: BodyType): Liquid {
  const engine = new Liquid({
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
    templates: {}, // nothing can be included
    renderLimit: RENDER_LIMIT_MS,
    memoryLimit: MEMORY_LIMIT,
    outputEscape: type === 'json' ? insideJsonString : asFormField,
  });
  // What it answers is a whole JSON value, and is not escaped again.
  const json = { raw: true, handler: (value: unknown) => JSON.stringify(value ?? null) };
  if (type === 'json') for (const name of ['json', 'jsonify']) engine.registerFilter(name, json);
  engine.unregisterFilter('raw');
  return engine;
}

const insideJsonString = (value: unknown): string => JSON.stringify(textOf(value)).slice(1, -1);
const asFormField = (value: unknown): string => new URLSearchParams({ v: textOf(value) }).toString().slice(2);

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === null || value === undefined) return '';
  throw new Error('prints a list or an object');
}

/** Of Liquid's words only names and places pass: its messages quote the template. */
function faultOf(error: unknown): string {
  const { name, message } = error as Error;
  if (name === 'SyntaxError') return 'does not make JSON: print values as "{{ text }}" or {{ text | json }}';
  const what = /undefined (variable|filter): [\w.]+|tag "\w+" not found|prints a list or an object/.exec(
    message,
  )?.[0];
  const where = /line:\d+, col:\d+/.exec(message)?.[0];
  return `is not a template that can be rendered: ${[what, where].filter((one) => one !== undefined).join(', ')}`;
}
