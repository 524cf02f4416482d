/** npm passes on the signal that the terminal has already sent to the whole group: two within this time are one wish. */
const SAME_WISH_MS = 1_000;

/**
 * What must be ended before this process ends, in the reverse order of its beginning.
 * The first signal ends all in order, a second one by force.
 */
export class Life {
  #enders = [];
  #ending;
  #askedAt;

  constructor() {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => this.#asked());
    // A closed terminal must not keep us from ending what we began.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  }

  get isEnding() {
    return this.#ending !== undefined;
  }

  /** `end` waits until it is over; `force` makes it be over soon. Returns how to take it off the list. */
  owe({ end, force }) {
    const ender = { end, force };
    this.#enders.push(ender);
    return () => {
      this.#enders = this.#enders.filter((other) => other !== ender);
    };
  }

  /** Ends everything, then the process with the code. The first call decides. */
  end(code) {
    this.#ending ??= this.#endAll(code);
    return this.#ending;
  }

  async #endAll(code) {
    let exitCode = code;
    for (const ender of [...this.#enders].reverse()) {
      try {
        await ender.end();
      } catch (error) {
        console.error(`  ${error.message}`);
        exitCode = 1;
      }
    }
    process.exit(exitCode);
  }

  #asked() {
    const now = performance.now();
    if (this.#askedAt === undefined) {
      this.#askedAt = now;
      console.log('\n  stopping (again to force)');
      void this.end(0);
    } else if (now - this.#askedAt > SAME_WISH_MS) {
      console.log('  forced');
      for (const ender of [...this.#enders].reverse()) ender.force();
    }
  }
}
