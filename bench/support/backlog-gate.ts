/**
 * Keeps a backlog at about one size: takers wait while more than `limit` of what they gave has not arrived yet. So the
 * pipeline behind is never idle, and what is measured is its speed and not the door's.
 */
export class BacklogGate {
  private given = 0;
  private arrived = 0;
  private waiting: (() => void)[] = [];

  constructor(private readonly limit: number) {}

  get backlog(): number {
    return this.given - this.arrived;
  }

  /** Runs `next` now or as soon as there is room. */
  pass(next: () => void): void {
    if (this.backlog < this.limit) {
      this.given++;
      next();
    } else {
      this.waiting.push(next);
    }
  }

  /** `total`: all that has arrived since the beginning. */
  learn(total: number): void {
    this.arrived = Math.max(this.arrived, total);
    const ready = this.waiting.splice(0, Math.max(0, this.limit - this.backlog));
    ready.forEach((next) => this.pass(next));
  }
}
