import { finishPart, type PartName } from './letter-text.js';
import { canonicalLocale, localeChain } from './locale-chain.js';
import { type Data, PART_NAMES, readTemplateFiles, type TemplateFiles } from './template-files.js';
import { TemplateError, type TemplateFault, TemplateFilesError } from './template-error.js';
import { compileTemplates, type CompiledType, variablesOf } from './template-compiler.js';
import { renderPart } from './render-part.js';

/** What one type can be written in, for the preview and the check. */
export interface TemplateSummary {
  name: string;
  /** Languages besides the default one. */
  locales: readonly string[];
  parts: readonly PartName[];
  sample: Data;
  /** Samples of languages that have their own. */
  samples: Readonly<Record<string, Data>>;
}

export interface RenderedEmail {
  subject: string;
  html?: string;
  text: string;
}

/**
 * All templates, read and compiled once at start. Promises that rendering is pure: the same data gives the same
 * letter, on any machine, at any time; that data is only ever printed, never evaluated, nor chooses a file; and that
 * nothing in a subject can end a header. Leaves to its callers which channel wants what.
 */
export class Templates {
  private constructor(private readonly types: ReadonlyMap<string, CompiledType>) {}

  /** Reads and compiles everything below `directory`. Throws TemplateFilesError with every fault, file and line. */
  static load(directory: string): Templates {
    const files = readFiles(directory);
    const { types, faults } = compileTemplates(files);
    const all = [...files.faults, ...faults];
    if (all.length > 0) throw new TemplateFilesError(directory, all);
    return new Templates(types);
  }

  hasEmail(template: string): boolean {
    return this.types.get(template)?.has('email.text') ?? false;
  }

  hasSms(template: string): boolean {
    return this.types.get(template)?.has('sms') ?? false;
  }

  /** Throws TemplateError: `no_template`, or `template_error` with the faults of all three parts. */
  renderEmail(template: string, locale: string | undefined, data: Data): RenderedEmail {
    const type = this.typeWith('email.text', template);
    const letter = this.render(type, type.has('email.html') ? EMAIL_PARTS : PLAIN_EMAIL_PARTS, locale, data);
    const html = letter.get('email.html');
    return {
      subject: letter.get('email.subject')!,
      ...(html === undefined ? {} : { html }),
      text: letter.get('email.text')!,
    };
  }

  /** Throws TemplateError: `no_template` or `template_error`. */
  renderSms(template: string, locale: string | undefined, data: Data): string {
    return this.render(this.typeWith('sms', template), ['sms'], locale, data).get('sms')!;
  }

  list(): TemplateSummary[] {
    return [...this.types.values()].map((type) => ({
      name: type.name,
      locales: type.locales,
      parts: PART_NAMES.filter((part) => type.has(part)),
      sample: type.samples.get('') ?? {},
      samples: Object.fromEntries([...type.samples].filter(([locale]) => locale !== '')),
    }));
  }

  /** The sample in the narrowest language that has one. Throws TemplateError for what is no language. */
  sampleOf(template: string, locale: string | undefined): Data {
    const type = this.types.get(template);
    if (!type) return {};
    const own = chainOf(type, locale).find((one) => type.samples.has(one));
    return type.samples.get(own ?? '') ?? {};
  }

  /** Variables that the type's own files name, whatever branch they stand in, and `data` does not have. */
  unsampled(template: string, locale: string | undefined, data: Data): string[] {
    const type = this.types.get(template);
    if (!type) return [];
    const chain = chainOf(type, locale);
    const parts = PART_NAMES.filter((part) => type.has(part)).map((part) => type.part(part, chain));
    return [...new Set(parts.flatMap(variablesOf))].filter((name) => !(name in data)).sort();
  }

  private typeWith(part: PartName, template: string): CompiledType {
    const type = this.types.get(template);
    if (type?.has(part)) return type;
    const message = type ? `has no ${part.split('.')[0]} template` : 'does not exist';
    throw new TemplateError('no_template', template, [{ path: '/template', message }]);
  }

  private render(
    type: CompiledType,
    parts: readonly PartName[],
    locale: string | undefined,
    data: Data,
  ): Map<PartName, string> {
    const chain = chainOf(type, locale);
    const rendered = new Map<PartName, string>();
    const faults: TemplateFault[] = [];
    for (const part of parts) {
      const answer = renderPart(type.part(part, chain), data);
      const finished = 'faults' in answer ? answer : finishPart(part, answer);
      if ('text' in finished) rendered.set(part, finished.text);
      else faults.push(...('faults' in finished ? finished.faults : [finished.fault]));
    }
    if (faults.length > 0) throw new TemplateError('template_error', type.name, withoutRepeats(faults));
    return rendered;
  }
}

const EMAIL_PARTS = ['email.subject', 'email.html', 'email.text'] as const satisfies readonly PartName[];
const PLAIN_EMAIL_PARTS = ['email.subject', 'email.text'] as const satisfies readonly PartName[];

function readFiles(directory: string): TemplateFiles {
  try {
    return readTemplateFiles(directory);
  } catch (error) {
    throw new TemplateFilesError(directory, [
      `cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`,
    ]);
  }
}

function chainOf(type: CompiledType, locale: string | undefined): readonly string[] {
  if (locale === undefined) return [];
  const canonical = canonicalLocale(locale);
  if (canonical !== undefined) return localeChain(canonical);
  throw new TemplateError('template_error', type.name, [
    { path: '/locale', message: 'is not a language tag as en or pt-BR' },
  ]);
}

/** Subject, HTML and text mostly lack the same thing. */
function withoutRepeats(faults: readonly TemplateFault[]): TemplateFault[] {
  return [...new Map(faults.map((fault) => [`${fault.path} ${fault.message}`, fault])).values()];
}
