/**
 * The deadline of one mail, in two stages, and the mark between them.
 *
 * Until the body's last byte is handed over, nothing can have been taken: the wait is short, and its end is `not_sent`. After
 * it only the server knows, so the wait is long, and its end is `in_doubt`. The error an SMTP client raises is the same
 * in both stages; this mark is what tells them apart.
 */
export class SendDeadline {
  readonly #controller = new AbortController();
  readonly #answerTimeoutMs: number;
  readonly #shutdown: AbortSignal;
  #timer: NodeJS.Timeout;
  #isBodyOut = false;
  #cutBy: 'deadline' | 'shutdown' | undefined;

  constructor(timeoutMs: number, answerTimeoutMs: number, shutdown: AbortSignal) {
    this.#answerTimeoutMs = answerTimeoutMs;
    this.#shutdown = shutdown;
    this.#timer = setTimeout(this.#expire, timeoutMs);
    shutdown.addEventListener('abort', this.#shutDown, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get isBodyOut(): boolean {
    return this.#isBodyOut;
  }

  /** Why it was cut from this side; undefined when it was not. */
  get cutBy(): 'deadline' | 'shutdown' | undefined {
    return this.#cutBy;
  }

  bodyEnded(): void {
    this.#isBodyOut = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#expire, this.#answerTimeoutMs);
  }

  /** Must be called when the send is over. */
  end(): void {
    clearTimeout(this.#timer);
    this.#shutdown.removeEventListener('abort', this.#shutDown);
  }

  readonly #expire = (): void => this.#cut('deadline');
  readonly #shutDown = (): void => this.#cut('shutdown');

  #cut(by: 'deadline' | 'shutdown'): void {
    this.#cutBy ??= by;
    this.#controller.abort();
  }
}
