import { Inject, Injectable } from '@nestjs/common';

import { type Asked, Inquiries } from '../dispatch/inquiries.js';
import { Verdict } from '../dispatch/verdict.js';
import { toPublicId } from '../domain/public-id.js';
import { type DoubtToAsk, DoubtsRepository } from '../notifications/doubts.repository.js';
import { Log } from '../platform/logging/log.js';
import type { UpkeepService } from './upkeep.service.js';

/** One run's questions; the next run, a second later, goes on. */
const BATCH = 50;
const AT_ONCE = 5;
/** A provider that gives no answer is asked again after this, until the deadline: silence says nothing of a message. */
const UNANSWERED_DELAY_MS = 60_000;

type Count = 'found' | 'not_found' | 'unanswered' | 'overtaken';

/**
 * Asks providers that can be asked what became of a doubt: what they have is settled as theirs, what they still do not have
 * after the last question is left to the policy. Questions are put without a transaction; who settled it meanwhile has
 * the last word.
 */
@Injectable()
export class Reconciler implements UpkeepService {
  readonly name = 'reconciler';
  readonly everyMs = 1_000;
  readonly isExclusive = true;

  constructor(
    @Inject(DoubtsRepository) private readonly doubts: DoubtsRepository,
    @Inject(Inquiries) private readonly inquiries: Inquiries,
    @Inject(Verdict) private readonly verdict: Verdict,
    @Inject(Log) private readonly log: Log,
  ) {}

  async runOnce(): Promise<Record<string, number>> {
    const counts: Record<Count, number> = { found: 0, not_found: 0, unanswered: 0, overtaken: 0 };
    const due = await this.doubts.toAsk(BATCH);
    for (let at = 0; at < due.length; at += AT_ONCE) {
      const some = due.slice(at, at + AT_ONCE);
      const answers = await Promise.all(some.map((doubt) => this.ask(doubt)));
      // One after the other: two doubts about the same text must not both take the one message there is.
      for (const [i, doubt] of some.entries()) counts[await this.settle(doubt, answers[i])]++;
    }
    return counts;
  }

  /** A fault of ours in one question does not keep the others from being asked. */
  private async ask(doubt: DoubtToAsk): Promise<Asked | undefined | 'failed'> {
    return this.inquiries.ask(doubt).catch((error: unknown) => {
      this.log.warn('inquiry.failed', { id: toPublicId('notification', doubt.id), err: error });
      return 'failed' as const;
    });
  }

  private async settle(doubt: DoubtToAsk, asked: Asked | undefined | 'failed'): Promise<Count> {
    if (asked === undefined) return this.park(doubt, undefined);
    if (asked === 'failed' || asked.inquiry.kind === 'unanswered') return this.askLater(doubt);
    for (const match of asked.inquiry.matches) {
      const found = { ...doubt, ...match, contentDigest: asked.digest };
      if (await this.doubts.settleFound(found)) return 'found';
    }
    return this.notThere(doubt);
  }

  private async notThere(doubt: DoubtToAsk): Promise<Count> {
    const next = this.verdict.askAfterMs(doubt)[doubt.asked + 1];
    const put = { ...doubt, answer: 'not_found' } as const;
    if (next !== undefined)
      return this.told(await this.doubts.putOff({ ...put, sinceDoubtMs: next }), 'not_found');
    const then = this.verdict.onUnfound(doubt, doubt.provider);
    const isOver =
      then === 'park' ? await this.doubts.putOff(put) : await this.doubts.settleUnfound({ ...doubt, then });
    return this.told(isOver, 'not_found');
  }

  /** Past its deadline nobody waits for an answer any more: a person decides. */
  private async askLater(doubt: DoubtToAsk): Promise<Count> {
    if (doubt.isLate) return this.park(doubt, 'unanswered');
    const put = { ...doubt, answer: 'unanswered', afterMs: UNANSWERED_DELAY_MS } as const;
    return this.told(await this.doubts.putOff(put), 'unanswered');
  }

  private async park(doubt: DoubtToAsk, answer: 'unanswered' | undefined): Promise<Count> {
    return this.told(await this.doubts.putOff({ ...doubt, answer }), 'unanswered');
  }

  private told(isWon: boolean, count: Count): Count {
    return isWon ? count : 'overtaken';
  }
}
