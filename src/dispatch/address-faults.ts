import { Inject, Injectable } from '@nestjs/common';

import type { ChannelName } from '../domain/channel.js';
import type { Outcome } from '../domain/outcome.js';
import type { AddressFault } from '../domain/suppression.js';
import { PayloadVault } from '../notifications/payload.js';
import type { SuppressionDraft } from '../suppressions/draft.js';
import { isSuppressible } from '../suppressions/suppression.js';
import { Suppressions } from '../suppressions/suppressions.js';

/** What an outcome says of the address it went to, ready for the outcome's own commit. */
@Injectable()
export class AddressFaults {
  constructor(
    @Inject(PayloadVault) private readonly vault: PayloadVault,
    @Inject(Suppressions) private readonly suppressions: Suppressions,
  ) {}

  /** Undefined: nothing. */
  of(
    judged: { id: string; channel: ChannelName; payload?: Buffer | undefined },
    outcome: Outcome,
    provider: string,
  ): SuppressionDraft | undefined {
    const { id, channel, payload } = judged;
    const fault = faultIn(outcome);
    if (!fault || payload === undefined || !isSuppressible(channel)) return undefined;
    return this.suppressions.draft({
      channel,
      address: this.vault.open(id, payload).to,
      reason: fault.reason,
      after: fault.after,
      source: `provider ${provider}`,
      notificationId: id,
    });
  }
}

function faultIn(outcome: Outcome): AddressFault | undefined {
  if (outcome.kind === 'taken') return undefined;
  return outcome.address ?? (outcome.class === 'suppress' ? { reason: 'hard_bounce' } : undefined);
}
