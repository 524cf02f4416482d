import { Inject, Injectable } from '@nestjs/common';

import { ChannelRegistry } from '../channels/channel.registry.js';
import type { ChannelName, InDoubtPolicy } from '../domain/channel.js';
import { afterTaken, decideNext, decideUnfound, type Situation } from '../domain/decide-next.js';
import { type Doubt, type Doubts, keyLeftMs } from '../domain/doubt.js';
import type { Outcome } from '../domain/outcome.js';
import type { AttemptRecord } from '../notifications/notifications.repository.js';
import { CONTENT_CHANGED } from '../notifications/claimed.js';
import { DatabaseClock } from '../platform/clock/database-clock.js';
import { Config } from '../platform/config/config.js';
import { callbacksOf, inDoubtPolicyOf, retryPolicyOf } from '../platform/config/posthaste-file.js';
import { AddressFaults } from './address-faults.js';
import { QuietTime } from './quiet-time.js';

/** What a verdict needs to know of a notification. */
export interface Judged {
  id: string;
  type: string;
  channel: ChannelName;
  onInDoubt: InDoubtPolicy | null;
  tries: number;
  expiresAt: Date | null;
  deadlineAt: Date;
  /** Earlier attempts whose end nobody knows, oldest first. */
  doubts: readonly Doubt[];
  /** Of an attempt of this process: what its address and time zone are read from. */
  payload?: Buffer | undefined;
}

/** The attempt that a verdict is on. */
export interface JudgedAttempt extends Judged {
  attempt: number;
  dispatch: number;
}

/** Puts the one verdict together with the policies of the configuration: what an attempt came to, ready to be recorded. */
@Injectable()
export class Verdict {
  constructor(
    @Inject(Config) private readonly config: Config,
    @Inject(ChannelRegistry) private readonly channels: ChannelRegistry,
    @Inject(DatabaseClock) private readonly clock: DatabaseClock,
    @Inject(QuietTime) private readonly quiet: QuietTime,
    @Inject(AddressFaults) private readonly addresses: AddressFaults,
  ) {}

  /** What is known before the provider is called: the outcome of a call that must not be made now; undefined: call. */
  beforeCall(judged: Judged): Outcome | undefined {
    return this.quiet.holdsBack(judged);
  }

  on(
    judged: JudgedAttempt,
    outcome: Outcome,
    provider: string,
    durationMs: number,
    digest: string | null,
  ): AttemptRecord {
    const nowMs = this.clock.nowMs();
    const startedAt = new Date(nowMs - durationMs);
    const doubts =
      outcome.kind === 'in_doubt' ? [...judged.doubts, { provider, startedAt, digest }] : judged.doubts;
    const next =
      outcome.kind === 'taken'
        ? afterTaken(outcome)
        : decideNext(outcome, {
            ...this.situation({ ...judged, doubts }, provider, nowMs),
            opensAtMs: this.quiet.opening(judged),
          });
    const { id, attempt, dispatch } = judged;
    const pinnedProvider = this.pinFor(judged, doubts, outcome, provider);
    const contentDigest = this.isDigestWanted(outcome, provider) ? digest : null;
    const suppression = this.addresses.of(judged, outcome, provider);
    const awaitsReceipt = this.awaitsReceipt(provider);
    return {
      id,
      attempt,
      dispatch,
      outcome,
      next,
      durationMs,
      pinnedProvider,
      contentDigest,
      suppression,
      awaitsReceipt,
    };
  }

  /** What follows when `provider` was asked for the last time and has nothing of it. */
  onUnfound(judged: Omit<Judged, 'payload'>, provider: string): ReturnType<typeof decideUnfound> {
    return decideUnfound(this.situation(judged, provider, this.clock.nowMs()));
  }

  /** When a provider is asked what became of a doubt, counted from it. Milliseconds. */
  askAfterMs({ type, channel }: Pick<Judged, 'type' | 'channel'>): readonly number[] {
    return retryPolicyOf(this.config.file, type, channel).askAfterMs;
  }

  private awaitsReceipt(provider: string): boolean {
    const config = this.config.file.providers.find((one) => one.name === provider);
    return config !== undefined && callbacksOf(config) !== undefined;
  }

  private situation(judged: Omit<Judged, 'payload'>, provider: string, nowMs: number): Situation {
    const { type, channel, tries, doubts } = judged;
    return {
      tries,
      nowMs,
      deadlineMs: judged.deadlineAt.getTime(),
      expiresMs: judged.expiresAt?.getTime(),
      policy: retryPolicyOf(this.config.file, type, channel),
      onInDoubt: this.ruleOf(judged),
      doubts: this.doubtsAbout(channel, doubts, provider, nowMs),
      random: Math.random(),
    };
  }

  private doubtsAbout(channel: ChannelName, all: readonly Doubt[], provider: string, nowMs: number): Doubts {
    const { keyLifeMs, canBeAsked } = this.channels.doubtTraits(provider);
    const here = all.filter((one) => one.provider === provider);
    const left = keyLeftMs(keyLifeMs, here[0]?.startedAt.getTime() ?? nowMs, nowMs);
    return {
      count: all.length,
      // What another may have is not made harmless by this one's memory.
      keyLeftMs: here.length < all.length ? Math.min(left, Number.MAX_SAFE_INTEGER) : left,
      canBeAsked,
      hasOther: this.otherThan(channel, all) !== undefined,
    };
  }

  /** Who alone may have it next; null: whoever the record says, else anybody. */
  private pinFor(
    judged: Judged,
    doubts: readonly Doubt[],
    outcome: Outcome,
    provider: string,
  ): string | null {
    if (outcome.kind !== 'taken' && outcome.isPinned === true) return provider;
    const isElsewhere = doubts.length > 0 && this.ruleOf(judged) === 'failover';
    const other = isElsewhere ? this.otherThan(judged.channel, doubts) : undefined;
    return other ?? (outcome.kind === 'in_doubt' ? provider : null);
  }

  /** The first by priority that cannot have it. */
  private otherThan(channel: ChannelName, doubts: readonly Doubt[]): string | undefined {
    const free = this.channels
      .providersOf(channel)
      .find(({ name }) => doubts.every((one) => one.provider !== name));
    return free?.name;
  }

  private ruleOf({
    type,
    channel,
    onInDoubt,
  }: Pick<Judged, 'type' | 'channel' | 'onInDoubt'>): Situation['onInDoubt'] {
    return inDoubtPolicyOf(this.config.file, type, channel, onInDoubt ?? undefined);
  }

  /** Where a repetition will be compared with it, or a provider's list asked for it. */
  private isDigestWanted(outcome: Outcome, provider: string): boolean {
    return (
      outcome.kind === 'in_doubt' ||
      outcome.code === CONTENT_CHANGED ||
      this.channels.doubtTraits(provider).canBeAsked
    );
  }
}
