import type { Pool } from 'pg';

import { CHANNELS, LANES } from '../../domain/channel.js';
import type { Evaluator, Signal } from '../signal.js';
import { readTrends, sampleQueues, type Trend } from '../sql/sample-queues.js';
import { takeTurn } from '../sql/take-turn.js';

const SAMPLE_EVERY_MS = 30_000;
/** More comes in than goes out for so long: that is no burst. */
const SPAN_MS = 300_000;
const SLACK_MS = SAMPLE_EVERY_MS;
/** Fewer are worked off in seconds. */
const LEAST = 1_000;
const ALL_LANES = CHANNELS.flatMap((channel) => LANES.map((lane) => ({ channel, lane })));

/** Lanes in which more comes in than goes out. */
export class GrowthEvaluator implements Evaluator {
  readonly kinds = ['queue_growth'] as const;

  constructor(private readonly pool: Pool) {}

  async evaluate(): Promise<Signal[]> {
    if ((await takeTurn(this.pool, 'queue samples', SAMPLE_EVERY_MS)) !== undefined)
      await sampleQueues(this.pool, ALL_LANES);
    const trends = await readTrends(this.pool, SPAN_MS + SLACK_MS);
    return trends.filter(isGrowing).map(({ channel, lane, last }) => ({
      kind: 'queue_growth',
      about: `${channel}.${lane}`,
      summary: `More comes in by ${channel} (${lane}) than goes out`,
      count: last,
      detail: { channel, lane },
    }));
  }
}

const isGrowing = ({ first, last, isRising, spanMs }: Trend): boolean =>
  isRising && spanMs >= SPAN_MS - SLACK_MS && last >= LEAST && last >= 2 * first;
