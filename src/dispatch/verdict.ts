import { Inject, Injectable } from '@nestjs/common';

import type { ChannelName, InDoubtPolicy } from '../domain/channel.js';
import { decideNext } from '../domain/decide-next.js';
import type { Outcome } from '../domain/outcome.js';
import type { AttemptRecord } from '../notifications/notifications.repository.js';
import { DatabaseClock } from '../platform/clock/database-clock.js';
import { Config } from '../platform/config/config.js';
import { callbacksOf, inDoubtPolicyOf, retryPolicyOf } from '../platform/config/posthaste-file.js';
import { AddressFaults } from './address-faults.js';
import { QuietTime } from './quiet-time.js';

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
  /** Of an attempt of this process: what its address and time zone are read from. */
  payload?: Buffer;
}

/** Puts the one verdict together with the policies of the configuration: what an attempt came to, ready to be recorded. */
@Injectable()
export class Verdict {
  constructor(
    @Inject(Config) private readonly config: Config,
    @Inject(DatabaseClock) private readonly clock: DatabaseClock,
    @Inject(QuietTime) private readonly quiet: QuietTime,
    @Inject(AddressFaults) private readonly addresses: AddressFaults,
  ) {}

  /** What is known before the provider is called: the outcome of a call that must not be made now; undefined: call. */
  beforeCall(judged: Judged): Outcome | undefined {
    return this.quiet.holdsBack(judged);
  }

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
      opensAtMs: outcome.kind === 'taken' ? undefined : this.quiet.opening(judged),
    });
    const { id, attempt, dispatch } = judged;
    const pinnedProvider = mayHaveIt(outcome) ? provider : null;
    const suppression = this.addresses.of(judged, outcome, provider);
    const config = file.providers.find((one) => one.name === provider);
    const awaitsReceipt = config !== undefined && callbacksOf(config) !== undefined;
    return { id, attempt, dispatch, outcome, next, durationMs, pinnedProvider, suppression, awaitsReceipt };
  }
}

const mayHaveIt = (outcome: Outcome): boolean =>
  outcome.kind === 'in_doubt' || (outcome.kind !== 'taken' && outcome.isPinned === true);
