import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';

import type { PartName } from './letter-text.js';
import { canonicalLocale } from './locale-chain.js';
import { LARGEST_FILE } from './template-engine.js';

/** Folders whose files templates may name; no notification type can be called like them. */
export const SHARED_FOLDERS = ['_layouts', '_partials'] as const;

export const PART_NAMES = [
  'email.subject',
  'email.html',
  'email.text',
  'sms',
] as const satisfies readonly PartName[];

const TYPE_NAME = /^[a-z0-9_]+(\.[a-z0-9_-]+)*$/;

export type Data = Record<string, unknown>;

/** The files of one type in one language. `locale` is undefined for the files in the type's own folder. */
export interface Edition {
  locale: string | undefined;
  parts: ReadonlyMap<PartName, SourceFile>;
  sample: Data | undefined;
}

/** Beside the templates lie the schemas of what they are filled with; the catalogue of types reads them. */
const SCHEMAS_FOLDER = '_schemas';

export interface SourceFile {
  /** Relative to the templates' folder, with `/`: how faults name it. */
  name: string;
  text: string;
}

export interface TemplateFiles {
  types: ReadonlyMap<string, readonly Edition[]>;
  /** `_layouts/email.html.liquid` → its text. Without a prototype: a template cannot name `constructor`. */
  shared: Readonly<Record<string, string>>;
  faults: readonly string[];
}

/** Reads the whole folder once. Everything that is out of place is a fault: a misspelt part is never silently unused. */
export function readTemplateFiles(directory: string): TemplateFiles {
  const faults: string[] = [];
  const folder = new Folder(realpathSync(directory), faults);
  const shared = Object.create(null) as Record<string, string>;
  for (const name of SHARED_FOLDERS) {
    for (const entry of folder.entries(name)) {
      const path = `${name}/${entry}`;
      if (entry.endsWith('.liquid')) shared[path] = folder.read(path);
      else faults.push(`${path}: is not a .liquid file`);
    }
  }
  const types = new Map<string, readonly Edition[]>();
  for (const type of folder.entries('')) {
    if (([...SHARED_FOLDERS, SCHEMAS_FOLDER] as string[]).includes(type) || !folder.isFolder(type)) continue;
    if (TYPE_NAME.test(type) && type.length <= 128) types.set(type, readType(folder, type, faults));
    else faults.push(`${type}: is not a type's name (lower case, dotted, at most 128 characters)`);
  }
  return { types, shared, faults };
}

function readType(folder: Folder, type: string, faults: string[]): Edition[] {
  const locales = folder.entries(type).filter((entry) => folder.isFolder(`${type}/${entry}`));
  const editions = [readEdition(folder, type, undefined, faults)];
  for (const entry of locales) {
    const locale = canonicalLocale(entry);
    if (locale === entry) editions.push(readEdition(folder, type, locale, faults));
    else
      faults.push(
        `${type}/${entry}: is not a language tag${locale === undefined ? '' : `; did you mean ${locale}?`}`,
      );
  }
  return editions;
}

function readEdition(folder: Folder, type: string, locale: string | undefined, faults: string[]): Edition {
  const path = locale === undefined ? type : `${type}/${locale}`;
  const parts = new Map<PartName, SourceFile>();
  let sample: Data | undefined;
  for (const entry of folder.entries(path)) {
    const name = `${path}/${entry}`;
    const part = PART_NAMES.find((one) => entry === `${one}.liquid`);
    if (part) parts.set(part, { name, text: folder.read(name) });
    else if (entry === 'sample.json') sample = parseSample(name, folder.read(name), faults);
    else if (!folder.isFolder(name))
      faults.push(`${name}: is none of ${PART_NAMES.join(', ')} (.liquid), sample.json`);
    else if (locale !== undefined) faults.push(`${name}: a language's folder has no folders`);
  }
  return { locale, parts, sample };
}

function parseSample(name: string, text: string, faults: string[]): Data | undefined {
  try {
    const data: unknown = JSON.parse(text);
    if (typeof data === 'object' && data !== null && !Array.isArray(data)) return data as Data;
    faults.push(`${name}: must be a JSON object`);
  } catch (error) {
    faults.push(`${name}: is not JSON: ${(error as Error).message}`);
  }
  return undefined;
}

/** Reads below one root and nowhere else, wherever symbolic links lead. Names that begin with a dot do not exist. */
class Folder {
  constructor(
    private readonly root: string,
    private readonly faults: string[],
  ) {}

  entries(path: string): string[] {
    if (path !== '' && !this.isFolder(path)) return [];
    return readdirSync(join(this.root, path))
      .filter((name) => !name.startsWith('.'))
      .sort();
  }

  isFolder(path: string): boolean {
    return statSync(join(this.root, path), { throwIfNoEntry: false })?.isDirectory() ?? false;
  }

  read(path: string): string {
    const fault = this.faultOf(path);
    if (fault === undefined) return readFileSync(join(this.root, path), 'utf8');
    this.faults.push(`${path}: ${fault}`);
    return '';
  }

  private faultOf(path: string): string | undefined {
    const full = join(this.root, path);
    const stat = statSync(full, { throwIfNoEntry: false });
    if (!stat?.isFile()) return 'is not a file';
    if (!realpathSync(full).startsWith(this.root + sep)) return 'leads out of the templates’ folder';
    return stat.size > LARGEST_FILE ? `is larger than ${LARGEST_FILE} bytes` : undefined;
  }
}
