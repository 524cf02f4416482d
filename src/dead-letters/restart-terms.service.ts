import { Inject, Injectable } from '@nestjs/common';

import { ChannelRegistry } from '../channels/channel.registry.js';
import type { SendAgain, Standing } from '../notifications/notifications.repository.js';
import { Config } from '../platform/config/config.js';
import { inDoubtPolicyOf, retryPolicyOf } from '../platform/config/posthaste-file.js';

/** On what terms one goes again: the deadline of its type's policy, and whether one provider alone may have it. */
@Injectable()
export class RestartTerms {
  constructor(
    @Inject(Config) private readonly config: Config,
    @Inject(ChannelRegistry) private readonly channels: ChannelRegistry,
  ) {}

  /** Of one that was given up: whoever may have it already stays the only one to get it, unless the policy is `failover`. */
  ofDead(standing: Standing): SendAgain {
    const policy = inDoubtPolicyOf(
      this.config.file,
      standing.type,
      standing.channel,
      standing.onInDoubt ?? undefined,
    );
    return this.terms(standing, policy === 'failover' ? null : standing.doubtfulProvider);
  }

  /** Of one in doubt: only the provider that may have it can recognise it. */
  ofDoubtful(standing: Standing): SendAgain {
    return this.terms(standing, standing.doubtfulProvider);
  }

  /** Of one that was sent and is wanted once more: any provider. */
  ofReplay(standing: Standing): SendAgain {
    return this.terms(standing, null);
  }

  /** A provider that the configuration no longer has would keep it waiting until its deadline, so nothing is pinned to it. */
  private terms({ id, type, channel }: Standing, provider: string | null): SendAgain {
    const isThere = this.channels.providersOf(channel).some((one) => one.name === provider);
    return {
      id,
      deadlineMs: retryPolicyOf(this.config.file, type, channel).deadlineMs,
      pinnedProvider: isThere ? provider : null,
    };
  }
}
