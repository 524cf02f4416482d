import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { runProgram } from './program.mjs';

/** What the build reads: folders, then files. */
const FOLDERS = ['src', 'migrations', 'bench', 'test/reliability', 'test/support'];
const FILES = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];

/** Compiles when a source differs from what was compiled. By content: a checkout of another branch changes times, too. */
export async function build(life, root) {
  const stampFile = join(root, 'dist', '.posthaste-build');
  const sources = sourcesOf(root);
  const built = existsSync(stampFile) ? JSON.parse(readFileSync(stampFile, 'utf8')) : undefined;
  if (built && JSON.stringify(built) === JSON.stringify(sources)) return 'nothing new';
  // The compiler leaves the output of a deleted source behind, where a migration would still be found.
  const isDeleted = !built || Object.keys(built).some((path) => !(path in sources));
  if (isDeleted) rmSync(join(root, 'dist'), { recursive: true, force: true });
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  await runProgram(life, process.execPath, [compiler, '-p', 'tsconfig.build.json'], {
    cwd: root,
    complaint: 'The build failed',
  });
  writeFileSync(stampFile, JSON.stringify(sources));
  return undefined;
}

/** `{path: hash}` in a stable order. */
function sourcesOf(root) {
  const paths = FOLDERS.filter((folder) => existsSync(join(root, folder))).flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .filter((name) => name.endsWith('.ts') || name.endsWith('.json'))
      .map((name) => join(folder, name)),
  );
  const all = [...paths, ...FILES].filter((path) => existsSync(join(root, path))).sort();
  return Object.fromEntries(all.map((path) => [path, digest(join(root, path))]));
}

const digest = (file) => createHash('sha256').update(readFileSync(file)).digest('base64').slice(0, 16);
