import { Inject, Injectable } from '@nestjs/common';

import { WorkPool } from '../platform/database/pools.js';
import { inTransaction } from '../platform/database/transaction.js';
import { EndpointDirectory } from './endpoint-directory.service.js';
import { EndpointSwitch } from './endpoint-switch.service.js';
import { lockFailing } from './sql/lock-failing.js';

/** Nothing but failure for this long, and it is off. Standard Webhooks asks for several days; Svix takes five. */
const PATIENCE_DAYS = 5;
/** Fewer failures than this are bad luck, however far apart. */
const LEAST_FAILURES = 5;
const BATCH = 100;

/** Ends the patience with endpoints at which nothing succeeds any more. */
@Injectable()
export class EndpointPatience {
  constructor(
    @Inject(WorkPool) private readonly pool: WorkPool,
    @Inject(EndpointSwitch) private readonly endpointSwitch: EndpointSwitch,
    @Inject(EndpointDirectory) private readonly directory: EndpointDirectory,
  ) {}

  /** How many were switched off. */
  async end(): Promise<number> {
    const ids = await inTransaction(this.pool, async (tx) => {
      const failing = await lockFailing(tx, { days: PATIENCE_DAYS, least: LEAST_FAILURES, limit: BATCH });
      for (const id of failing) await this.endpointSwitch.off(tx, id, 'failing', null);
      return failing;
    });
    ids.forEach((id) => this.directory.forget(id));
    return ids.length;
  }
}
