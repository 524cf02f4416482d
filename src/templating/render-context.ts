import { Context, type Liquid } from 'liquidjs';

import { pointerTo, toPointer } from './data-pointer.js';
import { RenderTime } from './render-time.js';

/** Own keys of hostile JSON can bear these names; no template has an honest use for them. */
const UNREACHABLE = new Set<unknown>(['__proto__', 'constructor', 'prototype']);

/** Liquid recognises an absent variable by this name, so that `default` and conditions may forgive it. */
const NAME = 'InternalUndefinedVariableError';

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
 * `absent` are pointers known to be missing: they read as nil, so that one more pass finds the next one.
 */
export class RenderContext extends Context {
  constructor(
    data: object,
    engine: Liquid,
    private readonly absent: ReadonlySet<string> = new Set(),
    /** What pointers are spelt against; a partial of its own scope still speaks of the caller's data. */
    private readonly root: object = data,
  ) {
    // A copy without a prototype: `increment` writes into it, and rendering must leave the caller's data alone.
    super(
      Object.assign(Object.create(null) as object, data),
      engine.options,
      { sync: true },
      { liquid: engine, renderLimit: new RenderTime() as unknown as Context['renderLimit'] },
    );
  }

  /** Whether holes are being counted: filters then let nil pass. */
  get isCounting(): boolean {
    return this.absent.size > 0;
  }

  pointerOf(container: unknown, below: readonly unknown[] = []): string | undefined {
    if (container === this.environments || container === this.globals) return toPointer(below);
    if (typeof container === 'object' && container !== null) {
      const pointer = pointerTo(this.root, container);
      return pointer === undefined ? undefined : pointer + toPointer(below);
    }
    return undefined;
  }

  override readProperty(container: Parameters<Context['readProperty']>[0], key: string | number): unknown {
    return UNREACHABLE.has(key) ? undefined : super.readProperty(container, key);
  }

  /** Liquid takes a plain value wherever it takes a generator, and a letter has hundreds of look-ups. */
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
      if (value !== undefined || !isStrict) continue;
      const missing = new MissingVariable(this, container, segments.slice(at), segments);
      if (this.isCounting && this.absent.has(missing.pointer)) return null;
      throw missing;
    }
    return value;
  }

  override spawn(scope: object = {}): RenderContext {
    const child = new RenderContext(scope, this.liquid as Liquid, this.absent, this.root);
    child.memoryLimit = this.memoryLimit;
    child.renderLimit = this.renderLimit;
    return child;
  }
}
