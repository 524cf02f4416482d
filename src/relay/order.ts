import type { EndpointRoom, Route } from '../outbox/outbox.store.js';
import type { DueGroup } from './due.js';

/** What is to be published, as the pass sees it. */
export interface Order {
  due: DueGroup;
  route: Route;
  most: number;
  /** Of webhooks: each endpoint's own room. */
  rooms: readonly EndpointRoom[];
  /** Its provider or one of its endpoints has a rate, or recovers. */
  isMetered: boolean;
}
