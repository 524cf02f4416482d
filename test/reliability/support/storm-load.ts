import type { NotificationRequest } from './client.js';
import type { Random } from '../../support/random.js';
import type { Stage } from './stage.js';
import { hook, letter, many, text } from './workload.js';

const TICK_MS = 100;
/** While the door is shut callers pile up behind it; more would measure the harness. */
const UNDER_WAY_AT_MOST = 1_500;
const ORDERED_KEYS = 4;
/** Of a hundred. */
const POISON_SHARE = 1;

/** Callers of every kind, until told to stop: mail, texts and webhooks, singles and batches, ordering keys, some poison. */
export class StormLoad {
  sent = 0;
  private underWay = 0;
  private isStopping = false;
  private readonly all = new Set<Promise<unknown>>();

  constructor(
    private readonly stage: Stage,
    private readonly endpoints: readonly string[],
    private readonly random: Random,
  ) {}

  /** How many notifications a second this machine carries from end to end, measured by a burst. */
  async measure(count: number): Promise<number> {
    const from = performance.now();
    const requests = many(count, () => this.draw().request);
    const batches = many(count / 100, (i) => requests.slice(i * 100, (i + 1) * 100));
    await Promise.all(batches.map((batch) => this.stage.client.postBatch(batch)));
    const drained = await this.stage.drain();
    if (drained === undefined) throw new Error('The burst that measures the capacity did not drain.');
    return (1_000 * count) / (performance.now() - from);
  }

  /** Resolves when it was told to stop, and every caller has given up or has its answer. */
  async run(perSecond: number): Promise<void> {
    const ordered = many(ORDERED_KEYS, (i) => this.keepOrder(`key-${i}`));
    let due = 0;
    while (!this.isStopping) {
      due += (perSecond * TICK_MS) / 1_000;
      const count = Math.floor(due);
      due -= count;
      if (count > 0 && this.underWay + count <= UNDER_WAY_AT_MOST) this.tick(count);
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
    await Promise.all([...ordered, ...this.all]);
  }

  stop(): void {
    this.isStopping = true;
  }

  private tick(count: number): void {
    const drawn = many(count, () => this.draw());
    const poison = drawn.filter(({ isPoison }) => isPoison).map(({ request }) => request);
    const good = drawn.filter(({ isPoison }) => !isPoison).map(({ request }) => request);
    const isBatch = this.random.chance(0.3);
    if (isBatch && good.length > 0) this.track(good.length, this.stage.client.postBatch(good));
    else good.forEach((request) => this.track(1, this.stage.client.post(request)));
    poison.forEach((request) => this.track(1, this.stage.client.post(request, { expects: 'dead' })));
  }

  private track(count: number, posting: Promise<unknown>): void {
    this.sent += count;
    this.underWay += count;
    const tracked = posting.finally(() => {
      this.underWay -= count;
      this.all.delete(tracked);
    });
    this.all.add(tracked);
  }

  private draw(): { request: NotificationRequest; isPoison: boolean } {
    const isPoison = this.random.integer(0, 100) < POISON_SHARE;
    const share = this.random.next();
    const lane = { lane: this.random.chance(0.3) ? 'bulk' : 'transactional' };
    if (share < 0.25) return { request: letter(lane, isPoison), isPoison };
    if (share < 0.5) return { request: text(lane, isPoison), isPoison };
    return { request: hook(this.random.pick(this.endpoints), lane, isPoison), isPoison };
  }

  /** A caller who waits for each answer, which is what order is promised to. */
  private async keepOrder(key: string): Promise<void> {
    while (!this.isStopping) {
      const endpoint = this.random.pick(this.endpoints);
      await this.stage.client.post(hook(endpoint, { ordering_key: key }));
      this.sent++;
      await new Promise((resolve) => setTimeout(resolve, 5 * TICK_MS));
    }
  }
}
