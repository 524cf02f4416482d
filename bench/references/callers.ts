/** Callers in a process that does nothing else: each makes its next call when the last is over. */
export class Callers {
  private isOver = false;
  private done = 0;
  private failure: Error | undefined;
  private running: Promise<void>[] = [];

  constructor(private readonly call: () => Promise<void>) {}

  press(callers: number): void {
    this.isOver = false;
    this.done = 0;
    this.running = Array.from({ length: callers }, () =>
      this.run().catch((error: Error) => {
        this.failure = error;
      }),
    );
  }

  /** How many calls were answered so far. */
  learn(): number {
    if (this.failure) throw this.failure;
    return this.done;
  }

  async release(): Promise<number> {
    this.isOver = true;
    await Promise.all(this.running);
    return this.learn();
  }

  private async run(): Promise<void> {
    while (!this.isOver) {
      await this.call();
      this.done++;
    }
  }
}
