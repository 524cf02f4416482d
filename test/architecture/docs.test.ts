import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { NotificationRequest } from '../../src/accept/notification.schema.js';
import { ALERT_KINDS, type AlertKind } from '../../src/alerts/alert-kinds.js';
import { OWN_EVENT_TYPES } from '../../src/domain/event-type.js';
import { STATUSES, TRANSITIONS } from '../../src/domain/status.js';
import { PROBLEMS } from '../../src/platform/http/problem.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const markdownIn = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: folder !== '.' })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => join(entry.parentPath, entry.name).slice(join(ROOT, '.').length).replace(/^\//, ''));

const PAGES = [...markdownIn('.'), ...markdownIn('docs')];
const manifest = JSON.parse(read('package.json')) as {
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
};

/** What is in a fence is a program or an answer, not a claim of the text. */
const withoutFences = (text: string): string => text.replace(/^```[^]*?^```/gm, '');
const backticked = (text: string): string[] =>
  [...withoutFences(text).matchAll(/`([^`\n]+)`/g)].map(([, inner]) => inner!);
/** As the page is shown: lines that were only wrapped are one. */
const unwrapped = (text: string): string => text.replace(/\s+/g, ' ');

describe.each(PAGES)('%s', (page) => {
  const text = read(page);

  it('names only npm scripts that there are', () => {
    const named = [...text.matchAll(/npm (?:run (?:-\S+ |--silent )*([\w:-]+)|(start|test)\b)/g)].map(
      ([, run, own]) => run ?? own!,
    );
    expect(named.filter((name) => !(name in manifest.scripts))).toEqual([]);
  });

  it('links to pages and headings that there are', () => {
    const links = [...withoutFences(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
    const broken = links
      .filter((target) => !/^(https?|mailto):/.test(target))
      .filter((target) => !leadsSomewhere(page, target));
    expect(broken).toEqual([]);
  });

  it('names only files that there are', () => {
    const missing = backticked(text)
      .filter(isPath)
      .filter((path) => !existsSync(join(ROOT, path)));
    expect(missing).toEqual([]);
  });

  it('has tables whose rows have a cell for each column: what is more is not shown', () => {
    const tables = [...withoutFences(text).matchAll(/^(?:\|.*\n)+/gm)].map(([table]) =>
      table.trimEnd().split('\n'),
    );
    const odd = tables.flatMap(([head, ...rows]) =>
      rows.filter((row) => cellsIn(row) !== cellsIn(head!)).map((row) => row.slice(0, 80)),
    );
    expect(odd).toEqual([]);
  });
});

const cellsIn = (row: string): number => [...row.matchAll(/(?<!\\)\|/g)].length - 1;

function leadsSomewhere(page: string, target: string): boolean {
  const [path, heading] = target.split('#') as [string, string?];
  const file = path === '' ? page : join(dirname(page), path);
  if (!existsSync(join(ROOT, file))) return false;
  return heading === undefined || headingsOf(read(file)).includes(heading);
}

/** As GitHub makes anchors. */
const headingsOf = (text: string): string[] =>
  [...withoutFences(text).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );

/** The caller's own files; they are named, and not ours. */
const NOT_OURS = new Set(['posthaste.yaml']);
const FOLDERS = /^(\.ci|bench|bin|deploy|docs|migrations|src|templates|test)\//;
/** `templates/<type>/…` and the like stand for many. */
const isPath = (token: string): boolean =>
  !NOT_OURS.has(token) &&
  !/[<>{}*…\s]/.test(token) &&
  (FOLDERS.test(token) || /^[\w.-]+\.(cjs|json|md|ya?ml)$/.test(token));

describe('docs/architecture.md', () => {
  const text = read('docs/architecture.md');

  it('draws the transitions that the code allows, and no others', () => {
    const diagram = /```mermaid\nstateDiagram-v2\n([^]*?)```/.exec(text)![1]!;
    const drawn = [...diagram.matchAll(/^ *(\S+) --> (\w+)$/gm)].map(([, from, to]) => `${from} → ${to}`);
    const allowed = STATUSES.flatMap((from) => TRANSITIONS[from].map((to) => `${from} → ${to}`));
    expect(drawn.filter((one) => !one.startsWith('[*]')).sort()).toEqual(allowed.sort());
    expect(drawn).toHaveLength(new Set(drawn).size);
    expect(diagram.trim().split('\n')).toHaveLength(drawn.length);
  });

  it('explains every state', () => {
    const table = text.slice(text.indexOf('| State'), text.indexOf('## Tables'));
    const explained = [...table.matchAll(/^\| `(\w+)`/gm)].map(([, state]) => state!);
    expect(explained.sort()).toEqual([...STATUSES].sort());
  });

  it('lists every table that the migrations make', () => {
    const made = readdirSync(join(ROOT, 'migrations')).flatMap((name) =>
      [...read(`migrations/${name}`).matchAll(/CREATE TABLE (\w+)/g)].map(([, table]) => table!),
    );
    const section = text.slice(text.indexOf('## Tables'), text.indexOf('## Processes'));
    expect(made.filter((table) => !section.includes(`\`${table}\``))).toEqual([]);
  });
});

describe('docs/sending.md', () => {
  const text = read('docs/sending.md');

  it('explains every field of a request', () => {
    const table = text.slice(text.indexOf('| Field'), text.indexOf('### Choosing the key'));
    const explained = [...table.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell]) => backticked(cell!));
    expect(explained.sort()).toEqual(Object.keys(NotificationRequest.properties).sort());
  });

  it('says what to do with every code', () => {
    expect(Object.keys(PROBLEMS).filter((code) => !text.includes(`\`${code}\``))).toEqual([]);
  });
});

describe('docs/events.md', () => {
  const text = read('docs/events.md');

  it("names every event of the service's own, and no other", () => {
    const table = text.slice(
      text.indexOf('## What the service says'),
      text.indexOf('```json', text.indexOf('| Type')),
    );
    const named = [...table.matchAll(/^\| `(posthaste\.[^`]+)`/gm)].map(([, type]) => type!);
    expect(named).toEqual([...OWN_EVENT_TYPES]);
  });
});

describe.each(['docs/guarantees.md', 'docs/self-audit.md'])('%s', (page) => {
  const text = unwrapped(read(page));
  const named = [...text.matchAll(/`(test\/[^`]+\.ts)` “([^”]+)”/g)].map(([, file, title]) => ({
    file: file!,
    title: title!,
  }));

  it('names a test for nearly every promise', () => {
    expect(named.length).toBeGreaterThan(10);
  });

  it.each(named)('is shown by $file: $title', ({ file, title }) => {
    expect(unwrapped(read(file))).toContain(title);
  });
});

describe('docs/self-audit.md', () => {
  it('names a test in each line', () => {
    const lines = read('docs/self-audit.md')
      .split('\n')
      .filter((line) => line.startsWith('|') && !/^\| (Question|---|:?-+)/.test(line));
    expect(lines.length).toBeGreaterThan(30);
    expect(lines.filter((line) => !/`test\/[^`]+\.ts` “[^”]+”/.test(line))).toEqual([]);
  });
});

describe('docs/dependencies.md', () => {
  it('has a line for each package, and for no other', () => {
    const rows = [...read('docs/dependencies.md').matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell]) =>
      backticked(cell!),
    );
    const wanted = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(rows.sort()).toEqual(wanted.sort());
  });
});

describe('docs/operations.md', () => {
  const text = read('docs/operations.md');
  const entries = text.slice(text.indexOf('\n## The alerts\n')).split(/^### /m).slice(1);

  it('has an entry for each alert, and for no other', () => {
    expect(entries.map((entry) => entry.split('\n')[0]).sort()).toEqual(Object.keys(ALERT_KINDS).sort());
  });

  it.each(entries.map((entry) => [entry.split('\n')[0] as AlertKind, entry]))(
    'says of %s how bad it is, where to look and what to do',
    (kind, entry) => {
      expect(entry).toContain(`_${ALERT_KINDS[kind].severity}._`);
      expect(entry).toMatch(/\*\*Look:\*\*/);
      expect(entry).toMatch(/\*\*(Do|do):\*\*/);
    },
  );
});

describe('docs/decisions', () => {
  const pages = readdirSync(join(ROOT, 'docs/decisions')).sort();

  it('are numbered without a gap', () => {
    expect(pages.map((name) => Number(name.slice(0, 4)))).toEqual(pages.map((_, i) => i + 1));
  });

  it.each(pages)('%s says why and what', (name) => {
    const text = read(`docs/decisions/${name}`);
    expect(text).toMatch(/^# \d+\. /);
    for (const heading of ['## Context', '## Decision']) expect(text).toContain(`\n${heading}\n`);
  });
});
