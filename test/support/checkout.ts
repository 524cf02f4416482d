import { type ChildProcess, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  symlinkSync,
} from 'node:fs';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = realpathSync(fileURLToPath(new URL('../../', import.meta.url)));
/** What a clone does not have. */
const NOT_IN_A_CLONE = ['.git', '.posthaste', 'coverage', 'dist', 'node_modules'];

/** The sources as a fresh clone has them, at `folder`; packages are taken from here, to save the download. */
export function cloneInto(folder: string): void {
  cpSync(ROOT, folder, {
    recursive: true,
    filter: (path) => relative(ROOT, path).includes('/') || !NOT_IN_A_CLONE.includes(basename(path)),
  });
  symlinkSync(realpathSync(join(ROOT, 'node_modules')), join(folder, 'node_modules'));
}

/** `npm start` as a terminal runs it: in a process group of its own, which gets the keys' signals as a whole. */
export class StartedNpm {
  output = '';
  readonly exited: Promise<number | null>;
  private readonly child: ChildProcess;

  constructor(
    private readonly folder: string,
    env: NodeJS.ProcessEnv,
  ) {
    const clean = Object.fromEntries(
      Object.entries(process.env).filter(([key]) => !/^(npm_|VITEST|NODE_)/i.test(key)),
    );
    this.child = spawn('npm', ['start'], { cwd: folder, env: { ...clean, ...env }, detached: true });
    this.child.stdout?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.child.stderr?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.exited = new Promise((resolve) => this.child.once('close', (code) => resolve(code)));
  }

  /** What a terminal does at Ctrl-C. */
  pressCtrlC(): void {
    process.kill(-this.child.pid!, 'SIGINT');
  }

  /** kill -9 of npm, its shell and the supervisor; what they started is in other groups. */
  killHard(): void {
    process.kill(-this.child.pid!, 'SIGKILL');
  }

  /** All living processes that belong to this checkout: by their folder, or by their arguments. */
  processes(): string[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .filter((pid) => belongsTo(this.folder, pid))
      .map((pid) => `${pid} ${readOr(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`);
  }
}

function belongsTo(folder: string, pid: string): boolean {
  if (readOr(`/proc/${pid}/cmdline`).includes(folder)) return true;
  try {
    return existsSync(`/proc/${pid}/cwd`) && readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
  } catch {
    return false; // gone meanwhile
  }
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
