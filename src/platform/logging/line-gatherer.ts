import { destination } from 'pino';

/** Where lines go in the end. */
interface Destination {
  write(text: string): unknown;
  /** Writes what it still has. */
  flushSync(): void;
}

/**
 * Lines are handed on together, once a turn of the event loop: with each line that it is given, SonicBoom measures all that
 * still waits to be written, which under load cost more than the lines themselves.
 */
export class LineGatherer {
  private to: Destination | undefined;
  private lines: string[] = [];

  /** `open`: called with the first line. */
  constructor(private readonly open: () => Destination) {}

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
    this.to ??= this.opened();
    this.to.write(text);
  };

  private opened(): Destination {
    process.once('exit', this.handOn); // before the listener of the destination, which writes what it has
    return this.open();
  }
}

/** One for all logs of the process: they share a descriptor. */
export const standardOutput = new LineGatherer(() => destination({ fd: 1, sync: false }));
