import type { TestProcess } from '../../support/service-process.js';
import type { Stage } from './stage.js';

/** What an orchestrator waits before it starts the next one, ms. */
const PAUSE_MS = 500;

/** Keeps one process of these roles running, whatever ends it, as an orchestrator does. */
export class Supervised {
  current: TestProcess | undefined;
  starts = 0;
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

  private async run(): Promise<void> {
    while (!this.isStopping) {
      this.starts++;
      try {
        this.current = await this.stage.start(this.role);
        if (this.isStopping) this.current.signal('SIGKILL');
        await this.current.ended;
      } catch {
        // Its stores may be away just now: it ends at its start, and the next one is tried.
      }
      this.current = undefined;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
