import { Inject, Injectable } from '@nestjs/common';

import type { ChannelName, InDoubtPolicy } from '../domain/channel.js';
import { decideNext } from '../domain/decide-next.js';
import type { Outcome } from '../domain/outcome.js';
import type { AttemptRecord } from '../notifications/notifications.repository.js';
import { DatabaseClock } from '../platform/clock/database-clock.js';
import { Config } from '../platform/config/config.js';
import { callbacksOf, inDoubtPolicyOf, retryPolicyOf } from '../platform/config/posthaste-file.js';

/** What a verdict needs to know of an attempt. */
export interface Judged {
  id: string;
  attempt: number;
  dispatch: number;
  type: string;
  channel: ChannelName;
  onInDoubt: InDoubtPolicy | null;
  tries: number;
  expiresAt: Date | null;
  deadlineAt: Date;
}

/** Puts the one verdict together with the policies of the configuration: what an attempt came to, ready to be recorded. */
@Injectable()
export class Verdict {
  constructor(
    @Inject(Config) private readonly config: Config,
    @Inject(DatabaseClock) private readonly clock: DatabaseClock,
  ) {}

  on(judged: Judged, outcome: Outcome, provider: string, durationMs: number): AttemptRecord {
    const { file } = this.config;
    const next = decideNext(outcome, {
      tries: judged.tries,
      nowMs: this.clock.nowMs(),
      deadlineMs: judged.deadlineAt.getTime(),
      expiresMs: judged.expiresAt?.getTime(),
      policy: retryPolicyOf(file, judged.type, judged.channel),
      onInDoubt: inDoubtPolicyOf(file, judged.type, judged.channel, judged.onInDoubt ?? undefined),
      random: Math.random(),
    });
    const { id, attempt, dispatch } = judged;
    const pinnedProvider = mayHaveIt(outcome) ? provider : null;
    const config = file.providers.find((one) => one.name === provider);
    const awaitsReceipt = config !== undefined && callbacksOf(config) !== undefined;
    return { id, attempt, dispatch, outcome, next, durationMs, pinnedProvider, awaitsReceipt };
  }
}

const mayHaveIt = (outcome: Outcome): boolean =>
  outcome.kind === 'in_doubt' || (outcome.kind !== 'taken' && outcome.isPinned === true);
