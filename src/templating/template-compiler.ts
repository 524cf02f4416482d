import type { Liquid, Template } from 'liquidjs';

import type { PartName } from './letter-text.js';
import { createEngine, type Medium, sharedNames } from './template-engine.js';
import type { Data, Edition, SourceFile, TemplateFiles } from './template-files.js';

/** One part in one language, ready to render. */
export interface CompiledPart {
  file: string;
  engine: Liquid;
  nodes: Template[];
  /** What the shared files it names assign: there for it without being in the data. */
  given: ReadonlySet<string>;
}

/** One type in all its languages. The default language's key is the empty string. */
export class CompiledType {
  readonly locales: readonly string[];

  constructor(
    readonly name: string,
    private readonly editions: ReadonlyMap<string, ReadonlyMap<PartName, CompiledPart>>,
    readonly samples: ReadonlyMap<string, Data>,
  ) {
    this.locales = [...editions.keys()].filter((locale) => locale !== '');
  }

  /** What the default language has, every language has. */
  has(part: PartName): boolean {
    return this.editions.get('')!.has(part);
  }

  /** The part in the narrowest language of `chain` that has it, else in the default one. */
  part(part: PartName, chain: readonly string[]): CompiledPart {
    for (const locale of chain) {
      const compiled = this.editions.get(locale)?.get(part);
      if (compiled) return compiled;
    }
    return this.editions.get('')!.get(part)!;
  }
}

/** Parses every file. Faults are lines `file:line: what`. */
export function compileTemplates(files: TemplateFiles): {
  types: Map<string, CompiledType>;
  faults: string[];
} {
  const compiler = new Compiler(files.shared);
  const types = new Map<string, CompiledType>();
  for (const [name, editions] of files.types) {
    compiler.faults.push(...missingParts(name, editions));
    const compiled = editions.map((edition) => [edition.locale ?? '', compiler.edition(edition)] as const);
    const samples = editions.flatMap((edition) =>
      edition.sample ? [[edition.locale ?? '', edition.sample] as const] : [],
    );
    types.set(name, new CompiledType(name, new Map(compiled), new Map(samples)));
  }
  return { types, faults: compiler.faults };
}

class Compiler {
  readonly faults: string[] = [];
  private readonly engines: Record<Medium, Liquid>;

  /** By shared file: the names it assigns. */
  private readonly assigned = new Map<string, string[]>();

  constructor(private readonly shared: Readonly<Record<string, string>>) {
    this.engines = { html: createEngine('html', shared), text: createEngine('text', shared) };
    for (const [name, text] of Object.entries(shared)) {
      const { nodes, engine } = this.compile({ name, text });
      this.assigned.set(name, Object.keys(engine.analyzeSync(nodes, { partials: false }).locals));
    }
  }

  edition(edition: Edition): Map<PartName, CompiledPart> {
    return new Map([...edition.parts].map(([part, file]) => [part, this.compile(file)]));
  }

  compile(file: SourceFile): CompiledPart {
    const engine = this.engineFor(file.name);
    const nodes = this.parse(engine, file);
    const names = sharedNames(nodes).map((name) => `${name}.liquid`);
    for (const name of names) {
      if (!(name in this.shared)) this.faults.push(`${file.name}: there is no ${name}`);
    }
    return {
      file: file.name,
      engine,
      nodes,
      given: new Set(names.flatMap((name) => this.assigned.get(name) ?? [])),
    };
  }

  private engineFor(name: string): Liquid {
    return this.engines[name.endsWith('.html.liquid') ? 'html' : 'text'];
  }

  private parse(engine: Liquid, file: SourceFile): Template[] {
    try {
      return engine.parse(file.text, file.name);
    } catch (error) {
      this.faults.push(describe(file, error as LiquidFault));
      return [];
    }
  }
}

/**
 * The top-level names that a part expects of the data, read from its own file. What the shared files print is left
 * out: rendering the sample proves that they have it or do without.
 */
export function variablesOf(part: CompiledPart): string[] {
  const { globals } = part.engine.analyzeSync(part.nodes, { partials: false });
  return Object.keys(globals).filter((name) => !part.given.has(name));
}

/** What Liquid's errors carry; its message repeats file and line. */
interface LiquidFault extends Error {
  token?: { getPosition(): [line: number, column: number] };
  originalError?: Error;
}

function describe(file: SourceFile, error: LiquidFault): string {
  const line = error.token?.getPosition()[0] ?? 1;
  const message = (error.originalError?.message ?? error.message).replace(/, (file|line):.*$/s, '');
  return `${file.name}:${line}: ${message}`;
}

/** A letter without its plain text is half a letter, and another language can only replace what the default one has. */
function missingParts(name: string, editions: readonly Edition[]): string[] {
  const faults: string[] = [];
  const root = editions[0]!.parts;
  if (root.size === 0) faults.push(`${name}: has no part in the default language`);
  const isEmail = [...root.keys()].some((part) => part !== 'sms');
  for (const part of ['email.subject', 'email.text'] as const) {
    if (isEmail && !root.has(part))
      faults.push(`${name}/${part}.liquid: is missing; an email needs subject and text`);
  }
  for (const edition of editions.slice(1)) {
    for (const part of edition.parts.keys()) {
      if (!root.has(part))
        faults.push(`${name}/${edition.locale}/${part}.liquid: has no counterpart in ${name}/`);
    }
  }
  return faults;
}
