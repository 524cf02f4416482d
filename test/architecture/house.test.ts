import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const filesBelow = (folder: string): { path: string; text: string }[] =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return { path: path.slice(ROOT.length), text: readFileSync(path, 'utf8') };
    });

const SOURCES = filesBelow('src');
const offenders = (rule: RegExp, files = SOURCES): string[] =>
  files.filter(({ text }) => rule.test(text)).map(({ path }) => path);

describe('the house', () => {
  it('has files with names in kebab case that say their role', () => {
    expect(
      SOURCES.map(({ path }) => path).filter(
        (path) => !/^src(\/[a-z0-9]+(-[a-z0-9]+)*)*\/[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)?\.ts$/.test(path),
      ),
    ).toEqual([]);
    expect(
      SOURCES.map(({ path }) => path).filter((path) =>
        /\/(utils|common|helpers?)\/|manager|helper|\/index\.ts$/i.test(path),
      ),
    ).toEqual([]);
  });

  it('reads process.env in one place, and in the place that starts it', () => {
    expect(offenders(/process\.env\b/).filter((path) => !path.startsWith('src/platform/config/'))).toEqual(
      [],
    );
  });

  it('leaves nothing for later', () => {
    expect(offenders(/\b(TODO|FIXME|XXX|HACK)\b/)).toEqual([]);
  });

  it('gives each prepared statement a name of its own: on one connection the second of a name fails', () => {
    const names = SOURCES.flatMap(({ text }) =>
      [...text.matchAll(/\bname: '([a-z0-9_]+)',\s+text:/g)].map(([, name]) => name!),
    );
    expect(names.length).toBeGreaterThan(100);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });

  it('speaks BullMQ only at its edges', () => {
    expect(
      offenders(/from '(bullmq|@nestjs\/bullmq|ioredis)'/).filter(
        (path) => !/^src\/(queues|dispatch\/delivery\.processor|apps)/.test(path),
      ),
    ).toEqual([]);
  });

  it('loads OpenTelemetry only where there is a collector', () => {
    const strangers = offenders(/from '@opentelemetry\//).filter(
      (path) => !path.startsWith('src/platform/tracing/'),
    );
    expect(strangers).toEqual([]);
    // Nobody has it by a static import, so whoever does without it does not load it.
    expect(offenders(/from '[^']*otlp-tracing\.js'/)).toEqual([]);
    expect(offenders(/from '[^']*(prescribed-ids|counted-exporter)\.js'/)).toEqual([
      'src/platform/tracing/otlp-tracing.ts',
    ]);
  });

  it('keeps the rules free of everything else', () => {
    const strangers = SOURCES.filter(({ path }) => path.startsWith('src/domain/')).flatMap(({ path, text }) =>
      [...text.matchAll(/from '([^']+)'/g)]
        .filter(([, from]) => !/^\.\/[a-z-]+\.js$/.test(from!))
        .map(([, from]) => `${path}: ${from}`),
    );
    expect(strangers).toEqual([]);
  });

  it('gives no constructor more than seven parts', () => {
    const crowded = SOURCES.filter(({ text }) =>
      [...text.matchAll(/constructor\(([^)]*(?:\([^)]*\)[^)]*)*)\)/g)].some(
        ([, list]) => (list!.match(/@Inject\(/g) ?? []).length > 7,
      ),
    );
    expect(crowded.map(({ path }) => path)).toEqual([]);
  });

  it('sleeps in no test', () => {
    const tests = filesBelow('test').filter(
      ({ path }) => path.endsWith('.test.ts') && !path.startsWith('test/architecture/'),
    );
    expect(offenders(/await (sleep|delay|pause)\(|await setTimeout\(/, tests)).toEqual([]);
  });
});
