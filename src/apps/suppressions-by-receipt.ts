import { Inject, Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';

import { Gauges } from '../platform/metrics/gauges.js';
import { type SuppressionIntent, SuppressionList } from '../receipts/suppression-intent.js';

/** What receipts say of addresses, counted: whoever keeps a list takes it from here, in the receipt's own transaction. */
@Injectable()
export class SuppressionsByReceipt extends SuppressionList {
  constructor(@Inject(Gauges) private readonly gauges: Gauges) {
    super();
  }

  async apply(_tx: PoolClient, intents: readonly SuppressionIntent[]): Promise<void> {
    for (const intent of intents) {
      const verdict = intent.do === 'suppress' ? intent.reason : 'start';
      this.gauges.receiptVerdicts.inc({ channel: intent.channel, verdict });
    }
  }
}
