import { Injectable } from '@nestjs/common';
import type { Pool, PoolClient } from 'pg';

import { insertOwnEvent, type OwnEvent } from './sql/insert-own-event.js';

export type { OwnEvent } from './sql/insert-own-event.js';

/**
 * What the service has to say of itself beside its notifications: an endpoint that was disabled, an alert.
 *
 * Promises: what is said in a transaction is told if that commits, and only then, once for each key. Spreading it to
 * subscribers is left to the relay processes.
 */
@Injectable()
export class OwnEvents {
  /** `tx`: the transaction of the change itself. */
  say(tx: Pool | PoolClient, event: OwnEvent): Promise<void> {
    return insertOwnEvent(tx, event);
  }
}
