import type { TestProcess } from '../../support/service-process.js';
import type { Stage } from './stage.js';

/** What an orchestrator waits before it starts the next one, ms. */
const PAUSE_MS = 500;
const LAST_WORDS = 2_000;

/** Keeps one process of these roles running, whatever ends it, as an orchestrator does. */
export class Supervised {
  current: TestProcess | undefined;
  starts = 0;
  /** Ends that nobody asked for: an exit code and the last words. A service that recovers has none. */
  readonly ownEnds: string[] = [];
  private isStopping = false;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly stage: Stage,
    readonly role: 'api' | 'relay' | 'worker',
  ) {}

  begin(): void {
    this.running = this.run();
  }

  /** kill -9, and no more starts. */
  async end(): Promise<void> {
    this.isStopping = true;
    this.current?.signal('SIGKILL');
    await this.running;
  }

  private note(one: TestProcess, how: number | NodeJS.Signals): void {
    if (typeof how === 'number' && how !== 0)
      this.ownEnds.push(`${this.role} ended by itself (${how}):\n${one.output().slice(-LAST_WORDS)}`);
  }

  private async run(): Promise<void> {
    while (!this.isStopping) {
      this.starts++;
      try {
        this.current = await this.stage.start(this.role);
        if (this.isStopping) this.current.signal('SIGKILL');
        this.note(this.current, await this.current.ended);
      } catch {
        // Its stores may be away just now: it ends at its start, and the next one is tried.
      }
      this.current = undefined;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
