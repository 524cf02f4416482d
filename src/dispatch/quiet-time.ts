import { Inject, Injectable } from '@nestjs/common';

import type { ChannelName } from '../domain/channel.js';
import { QUIET_HOURS } from '../domain/decide-next.js';
import { failed, type Failed } from '../domain/outcome.js';
import { toPublicId } from '../domain/public-id.js';
import { PayloadVault } from '../notifications/payload.js';
import { DatabaseClock } from '../platform/clock/database-clock.js';
import { Log } from '../platform/logging/log.js';
import { QuietHoursPolicy } from '../quiet-hours/quiet-hours.policy.js';

/** What quiet hours need to know of an attempt. */
export interface Sleeper {
  id: string;
  type: string;
  channel: ChannelName;
  /** Undefined: the attempt is another worker's, and whoever takes the next one asks again. */
  payload?: Buffer | undefined;
}

/** Quiet hours on the way out: a backlog or a retry may have come into them since the door looked. */
@Injectable()
export class QuietTime {
  constructor(
    @Inject(QuietHoursPolicy) private readonly policy: QuietHoursPolicy,
    @Inject(PayloadVault) private readonly vault: PayloadVault,
    @Inject(DatabaseClock) private readonly clock: DatabaseClock,
    @Inject(Log) private readonly log: Log,
  ) {}

  /** When it may go, asked for a time; undefined: at any. */
  opening(sleeper: Sleeper): ((ms: number) => number) | undefined {
    const { id, type, channel, payload } = sleeper;
    if (payload === undefined || !this.policy.hasAny(type)) return undefined;
    try {
      const { to, timeZone } = this.vault.open(id, payload);
      return (ms) => this.policy.opensAtMs({ type, channel, to, timeZone }, ms);
    } catch (error) {
      this.log.error('quiet_hours.unreadable', { id: toPublicId('notification', id), err: error });
      return undefined; // the send opens it again, and says what is wrong
    }
  }

  /** The outcome of a call that is not made, because it is quiet this moment. */
  holdsBack(sleeper: Sleeper): Failed | undefined {
    const nowMs = this.clock.nowMs();
    const opensMs = this.opening(sleeper)?.(nowMs) ?? nowMs;
    if (opensMs <= nowMs) return undefined;
    const detail = `It is quiet hours where the recipient is, until ${new Date(opensMs).toISOString()}: nobody was called.`;
    return failed('not_sent', { class: 'quiet', code: QUIET_HOURS, detail, scope: 'message' });
  }
}
