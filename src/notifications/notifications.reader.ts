import { Inject, Injectable } from '@nestjs/common';

import { WorkPool } from '../platform/database/pools.js';
import { type ListFilter, type ListPage, listNotifications } from './sql/list-notifications.js';
import { type Addressee, readAddressee } from './sql/read-addressee.js';
import { readStory } from './sql/read-story.js';
import type { Story } from './story.js';

export type { Addressee } from './sql/read-addressee.js';
export type { ListFilter, ListPage } from './sql/list-notifications.js';

/** Reads the record; changes nothing. */
@Injectable()
export class NotificationsReader {
  constructor(@Inject(WorkPool) private readonly pool: WorkPool) {}

  story(id: string): Promise<Story | undefined> {
    return readStory(this.pool, id);
  }

  /** Whom one went to; undefined: there is no such notification. */
  addressee(id: string): Promise<Addressee | undefined> {
    return readAddressee(this.pool, id);
  }

  list(filter: ListFilter): Promise<ListPage> {
    return listNotifications(this.pool, filter);
  }
}
