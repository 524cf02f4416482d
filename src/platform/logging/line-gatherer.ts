import { destination } from 'pino';

/**
 * Standard output for the log. Lines are handed on together, once a turn of the event loop: with each line that it is given,
 * SonicBoom measures all that still waits to be written, which under load cost more than the lines themselves.
 */
class LineGatherer {
  private to: ReturnType<typeof destination> | undefined;
  private lines: string[] = [];

  write(line: string): void {
    if (this.lines.push(line) === 1) setImmediate(this.handOn);
  }

  /** Writes what there is, before the process ends. */
  flushSync(): void {
    this.handOn();
    this.to?.flushSync();
  }

  private readonly handOn = (): void => {
    if (this.lines.length === 0) return;
    const text = this.lines.join('');
    this.lines = [];
    this.to ??= this.open();
    this.to.write(text);
  };

  private open(): ReturnType<typeof destination> {
    process.once('exit', this.handOn); // before the destination's own listener, which writes what it has
    return destination({ fd: 1, sync: false });
  }
}

export const standardOutput = new LineGatherer();
