import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { cpuSecondsOf } from './cpu.js';
import { NODE_FLAGS } from './node-flags.js';

interface Pending {
  resolve: (result: never) => void;
  reject: (error: Error) => void;
}

const END_MS = 30_000;

/** A process of its own for everything that is measured or measures, so that the CPU each costs can be told apart. */
export class BenchProcess {
  private readonly pending = new Map<number, Pending>();
  private nextId = 0;
  private hasEnded = false;
  /** Resolves how it ended, if it does. */
  readonly ended: Promise<string>;

  constructor(
    readonly name: string,
    private readonly child: ChildProcess,
  ) {
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`));
    });
    void this.ended.then((how) => this.fail(how));
    child.on('message', (message: { id?: number; result?: unknown; error?: string }) => this.settle(message));
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** User and system time since it began, seconds. */
  cpuSeconds(): number {
    return cpuSecondsOf(this.pid);
  }

  call<T>(question: string, argument: unknown = {}): Promise<T> {
    if (this.hasEnded) return Promise.reject(new Error(`${this.name} has ended.`));
    const id = this.nextId++;
    return new Promise<T>((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      this.child.send({ id, name: question, argument });
    });
  }

  async end(): Promise<void> {
    if (this.hasEnded) return;
    const timer = setTimeout(() => this.child.kill('SIGKILL'), END_MS);
    this.child.kill('SIGTERM');
    await this.ended;
    clearTimeout(timer);
  }

  private settle({ id, result, error }: { id?: number; result?: unknown; error?: string }): void {
    const pending = id === undefined ? undefined : this.pending.get(id);
    if (id === undefined || !pending) return;
    this.pending.delete(id);
    if (error === undefined) pending.resolve(result as never);
    else pending.reject(new Error(`${this.name}: ${error}`));
  }

  private fail(how: string): void {
    this.hasEnded = true;
    this.pending.forEach(({ reject }) => reject(new Error(`${this.name} ended (${how}).`)));
    this.pending.clear();
  }
}

/** Starts one of the bench's own programs; resolves when it says it is ready. */
export async function startProgram(name: string, file: string, argument: object = {}): Promise<BenchProcess> {
  const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
  const child = spawn(process.execPath, [...nodeFlagsFor(name), path, JSON.stringify(argument)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const started = new BenchProcess(name, child);
  const isReady = new Promise<undefined>((resolve) => child.once('message', () => resolve(undefined)));
  const how = await Promise.race([isReady, started.ended]);
  if (how !== undefined) throw new Error(`${name} did not start (${how}).`);
  return started;
}

/** As production starts a process. `BENCH_PROFILE=folder` writes a CPU profile of every process there. */
export function nodeFlagsFor(name: string): string[] {
  const folder = process.env['BENCH_PROFILE'];
  if (folder === undefined) return NODE_FLAGS;
  return [
    ...NODE_FLAGS,
    '--cpu-prof',
    `--cpu-prof-dir=${folder}`,
    `--cpu-prof-name=${name}-${Date.now()}.cpuprofile`,
  ];
}
