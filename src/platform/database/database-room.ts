/** PostgreSQL, appendix A: disk_full. */
const DISK_FULL = '53100';
/** Callers come again, and are refused again; who has not been for so long may take it for mended. */
const REMEMBERED_MS = 10_000;

/**
 * Whether PostgreSQL has lately said that its disk is full. Nothing else shows it: what is updated in place, a lease among
 * it, needs no room and goes on.
 */
export class DatabaseRoom {
  /** Monotonic, ms. */
  private refusedAt = -Infinity;

  /** Any error of a statement that stores something new. */
  note(error: unknown): void {
    if ((error as { code?: unknown } | undefined)?.code === DISK_FULL) this.refusedAt = performance.now();
  }

  isShort(): boolean {
    return performance.now() - this.refusedAt < REMEMBERED_MS;
  }
}
