import { Context, type Liquid, toValueSync } from 'liquidjs';

import type { Absences } from './absences.js';
import { pointerTo, toPointer } from './data-pointer.js';
import { RenderDepth } from './render-depth.js';
import { RenderTime } from './render-time.js';

/** Own keys of hostile JSON can bear these names; no template has an honest use for them. */
const UNREACHABLE = new Set<unknown>(['__proto__', 'constructor', 'prototype']);

/** What Liquid answers itself where the data has no such member. */
const COUNTED = new Set(['size', 'first', 'last']);

/** Liquid recognises an absent variable by this name, so that `default` and conditions may forgive it. */
const NAME = 'InternalUndefinedVariableError';

/** Liquid keeps its scopes, the innermost last, and which of them a name is in, to itself. */
interface Scopes {
  scopes: readonly Record<string, unknown>[];
  findScope(name: unknown): unknown;
}

type Plain = Record<string | number, unknown>;

/** What JSON makes. */
export function isPlain(value: unknown): value is Plain {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** A member that JSON put there: Liquid's own way to it, past drops, methods and names with a meaning, comes to the same. */
const isPlainMember = (container: unknown, key: string | number): container is Plain =>
  isPlain(container) && Object.hasOwn(container, key);

/** Names that lead to more than to what JSON put there, or must not lead to it. */
export const hasMeaning = (name: string): boolean =>
  UNREACHABLE.has(name) || COUNTED.has(name) || name in Object.prototype;

/** A variable the template needs and the data does not have. */
export class MissingVariable extends Error {
  constructor(
    private readonly context: RenderContext,
    private readonly container: unknown,
    private readonly missing: readonly unknown[],
    private readonly whole: readonly unknown[],
  ) {
    super();
    this.name = NAME;
  }

  /** Worked out only when it is told: a forgiven absence is an everyday thing. */
  get pointer(): string {
    return this.context.pointerOf(this.container, this.missing) ?? toPointer(this.whole);
  }
}

/**
 * The data as a template sees it: own properties of JSON, nothing inherited, nothing absent.
 * With `absences` what is absent reads as nil and is noted there, so that one more pass finds all of it.
 */
export class RenderContext extends Context {
  constructor(
    data: object,
    engine: Liquid,
    private readonly absences?: Absences,
    /** What pointers are spelt against; a partial of its own scope still speaks of the caller's data. */
    private readonly root: object = data,
    /** One for all that a rendering spawns. */
    readonly depth: RenderDepth = new RenderDepth(),
  ) {
    // A copy: `increment` writes into it, and rendering must leave the caller's data alone.
    super(
      { ...data },
      engine.options,
      { sync: true },
      { liquid: engine, renderLimit: new RenderTime() as unknown as Context['renderLimit'] },
    );
  }

  /** Liquid's name for it is that of a limiter of its own. */
  get renderTime(): RenderTime {
    return this.renderLimit as unknown as RenderTime;
  }

  /** Whether holes are being counted: filters then let nil pass. */
  get isCounting(): boolean {
    return this.absences !== undefined;
  }

  pointerOf(container: unknown, below: readonly unknown[] = []): string | undefined {
    if (container === this.environments || container === this.globals) return toPointer(below);
    if (typeof container === 'object' && container !== null) {
      const pointer = pointerTo(this.root, container);
      return pointer === undefined ? undefined : pointer + toPointer(below);
    }
    return undefined;
  }

  /** What a name without a meaning of its own stands for here; undefined when it is absent. */
  named(name: string): unknown {
    const { scopes } = this as unknown as Scopes;
    for (let at = scopes.length - 1; at >= 0; at--) {
      const scope = scopes[at]!;
      if (name in scope) return scope[name];
    }
    return (this.environments as Plain)[name];
  }

  /** What a path written in the template leads to. Throws MissingVariable; lenient, what is absent is nil. */
  read(segments: readonly unknown[], isLenient: boolean): unknown {
    const scope = (this as unknown as Scopes).findScope(segments[0]);
    const value = this.lookUp(scope, segments as readonly (string | number)[], !isLenient);
    if (typeof value !== 'object') return value ?? null;
    // What Liquid itself puts beside the data has methods, and some of them are generators.
    return toValueSync(value as never);
  }

  override readProperty(container: Parameters<Context['readProperty']>[0], key: string | number): unknown {
    if (UNREACHABLE.has(key)) return undefined;
    return isPlainMember(container, key) ? container[key] : super.readProperty(container, key);
  }

  /** Liquid takes a plain value wherever it takes a generator, and a letter has hundreds of look-ups. */
  override _get(paths: Parameters<Context['_get']>[0]): IterableIterator<unknown> {
    return this.read(paths, false) as IterableIterator<unknown>;
  }

  override _getFromScope(
    scope: unknown,
    paths: Parameters<Context['_getFromScope']>[1],
    strict: boolean = this.strictVariables,
  ): IterableIterator<unknown> {
    const segments = (typeof paths === 'string' ? paths.split('.') : paths) as (string | number)[];
    return this.lookUp(scope, segments, strict) as IterableIterator<unknown>;
  }

  private lookUp(scope: unknown, segments: readonly (string | number)[], isStrict: boolean): unknown {
    let value = scope;
    for (let at = 0; at < segments.length; at++) {
      const container = value;
      value = this.readProperty(container as object, segments[at]!);
      if (value !== undefined) continue;
      if (!isStrict) return undefined;
      const missing = new MissingVariable(this, container, segments.slice(at), segments);
      if (this.absences?.add(missing.pointer)) return null;
      throw missing;
    }
    return value;
  }

  override spawn(scope: object = {}): RenderContext {
    const child = new RenderContext(scope, this.liquid as Liquid, this.absences, this.root, this.depth);
    child.memoryLimit = this.memoryLimit;
    child.renderLimit = this.renderLimit;
    return child;
  }
}
