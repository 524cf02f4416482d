import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';

import { fullFor } from '../domain/admission.js';
import type { Lane } from '../domain/channel.js';
import { Config } from '../platform/config/config.js';
import { DoorPool } from '../platform/database/pools.js';
import { Problem } from '../platform/http/problem.js';
import { estimateWaiting } from './sql/estimate-waiting.js';
import { recordRefusals, type Refusals } from './sql/record-refusals.js';
import { WaitingEstimate } from './waiting-estimate.js';

/** The outbox is looked at this often while somebody knocks. Milliseconds. */
const LOOK_MS = 1_000;
/** What was seen longer ago says nothing: nobody has knocked meanwhile, or PostgreSQL does not answer. Milliseconds. */
const STALE_MS = 10_000;
/** Refusals are told to the alerts this long after the first. Milliseconds. */
const TELL_MS = 1_000;
const RETRY_AFTER_S = 5;

/**
 * Whether one more may wait. Asked of every notification, it counts in memory and never waits for PostgreSQL: a look at the
 * outbox is begun beside the requests, at most one a second.
 *
 * Promises: past a limit nothing new is stored, bulk before transactional. The limit may be overshot by what the other
 * processes let in within a second, and by the error of the estimate, a few per cent.
 */
@Injectable()
export class Admission implements OnApplicationShutdown {
  private readonly waiting = new WaitingEstimate();
  private begunAt = -Infinity;
  private lookedAt = -Infinity;
  private looking: Promise<void> | undefined;
  private untold = new Map<string, Refusals>();
  private timer: NodeJS.Timeout | undefined;
  private telling: Promise<void> = Promise.resolve();

  constructor(
    @Inject(Config) private readonly config: Config,
    @Inject(DoorPool) private readonly pool: DoorPool,
  ) {}

  /** Undefined: it is let in, and counted. `apiKeyId` null: the service itself. */
  refusal(lane: Lane, apiKeyId: string | null): Problem | undefined {
    this.look();
    const key = apiKeyId ?? '';
    const full = fullFor(lane, key, this.waiting, this.config.file.limits);
    if (!full) {
      this.waiting.letIn(lane, key);
      return undefined;
    }
    this.note(lane, full === 'lane' ? '' : key);
    const what =
      full === 'lane' ? `The lane ${lane} is full` : `What this API key may have in the lane ${lane} is full`;
    return new Problem(
      'overloaded',
      `${what}. Nothing was stored: send it again later, its key makes that safe.`,
      {
        retryAfterS: RETRY_AFTER_S,
      },
    );
  }

  async onApplicationShutdown(): Promise<void> {
    clearTimeout(this.timer);
    await Promise.all([this.looking, this.telling]);
  }

  private look(): void {
    const now = performance.now();
    if (now - this.lookedAt > STALE_MS) this.forget(now);
    if (now - this.begunAt < LOOK_MS || this.looking) return;
    this.begunAt = now; // one that fails is not begun again by the next request
    this.waiting.beginLook();
    this.looking = estimateWaiting(this.pool)
      .then((found) => {
        this.waiting.endLook(found);
        this.lookedAt = performance.now();
      })
      .catch(() => undefined) // the door finds out by itself that PostgreSQL is away
      .finally(() => (this.looking = undefined));
  }

  /** Once, not at each request until the look has ended: what is let in meanwhile counts. */
  private forget(now: number): void {
    this.waiting.forget();
    this.lookedAt = now;
  }

  private note(lane: Lane, apiKeyId: string): void {
    const key = `${lane} ${apiKeyId}`;
    const refused = (this.untold.get(key)?.refused ?? 0) + 1;
    this.untold.set(key, { lane, apiKeyId, refused });
    this.timer ??= setTimeout(() => this.tell(), TELL_MS);
  }

  private tell(): void {
    this.timer = undefined;
    const all = [...this.untold.values()];
    this.untold = new Map();
    this.telling = recordRefusals(this.pool, all).catch(() => undefined); // a statistic
  }
}
