import { type Dispatcher, errors } from 'undici';

/** Of an answer's body no more is read. */
const EXCERPT_BYTES = 1_024;

/** A subscriber's answer; its status is what counts. */
export interface Answer {
  status: number;
  retryAfter: string | string[] | undefined;
  /** The beginning of its body, at most 1 KB. */
  excerpt: string;
}

/**
 * One request and its answer, told by undici's dispatcher itself: `request()` makes a stream, a resource and a listener for
 * each call, and nobody here reads a stream (decision 0041).
 *
 * Settles once: with the answer when its body has ended, has been long enough, or was cut short, and with the error when
 * there was no head. Whoever keeps its time calls `cut`.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly answer: Promise<Answer>;
  private resolve!: (answer: Answer) => void;
  private reject!: (error: unknown) => void;
  private controller: Dispatcher.DispatchController | undefined;
  private isCut = false;
  private status: number | undefined;
  private retryAfter: string | string[] | undefined;
  private chunks: Buffer[] | undefined;
  private size = 0;

  /**
   * `deadline`: by the monotonic clock, ms. `bodyMs`: how long the body may take once the head has come; what it says later
   * is not waited for.
   */
  constructor(
    private deadline: number,
    private readonly bodyMs: number,
  ) {
    this.answer = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  isOverdue(now: number): boolean {
    return now > this.deadline;
  }

  /** Ends it, also one that has no connection yet: it ends when it gets one. */
  cut(): void {
    this.isCut = true;
    this.controller?.abort(new errors.RequestAbortedError());
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.isCut) this.cut();
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return; // an interim answer
    this.status = status;
    this.retryAfter = headers['retry-after'];
    this.deadline = Math.min(this.deadline, performance.now() + this.bodyMs);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.size += chunk.length;
    (this.chunks ??= []).push(chunk);
    if (this.size > EXCERPT_BYTES) this.cut();
  }

  onResponseEnd(): void {
    this.settle();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.status === undefined) this.reject(error);
    else this.settle();
  }

  private settle(): void {
    const excerpt =
      this.chunks === undefined
        ? ''
        : Buffer.concat(this.chunks).toString('utf8', 0, Math.min(this.size, EXCERPT_BYTES));
    this.resolve({ status: this.status!, retryAfter: this.retryAfter, excerpt });
  }
}
