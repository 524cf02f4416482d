/** Transactional work that came within so long is expected to come again. Milliseconds. */
export const EXPECTED_AGAIN_MS = 10_000;

/** Whether there is transactional work that bulk should leave room for. */
export class TransactionalTraffic {
  /** Monotonic, ms. */
  private at = -Infinity;

  note(): void {
    this.at = performance.now();
  }

  get isExpected(): boolean {
    return performance.now() - this.at < EXPECTED_AGAIN_MS;
  }
}
