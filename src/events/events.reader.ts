import { Inject, Injectable } from '@nestjs/common';

import { fromPublicId } from '../domain/public-id.js';
import { WorkPool } from '../platform/database/pools.js';
import { Problem } from '../platform/http/problem.js';
import type { EventView } from './event.schema.js';
import { findEvent } from './sql/find-event.js';

/** What callers may see of an event. Its notifications are listed by `event_id`. */
@Injectable()
export class EventsReader {
  constructor(@Inject(WorkPool) private readonly pool: WorkPool) {}

  /** Throws Problem `not_found`. */
  async get(publicId: string): Promise<EventView> {
    const id = fromPublicId('event', publicId);
    const event = id === undefined ? undefined : await findEvent(this.pool, id);
    if (!event) throw new Problem('not_found', 'There is no event with this id.');
    return {
      id: publicId,
      type: event.type,
      recipient: event.recipient,
      business_id: event.businessId,
      created_at: event.createdAt.toISOString(),
      notifications: event.counts,
      ...(event.isErased ? { erased: true } : {}),
    };
  }
}
