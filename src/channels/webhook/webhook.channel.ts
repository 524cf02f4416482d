import { fromPublicId } from '../../domain/public-id.js';
import type { Channel, Letter, ProviderKind, WebhookContent } from '../channel.js';

/** Webhooks: the address is an endpoint's id, the content is the event as JSON. */
export class WebhookChannel implements Channel<WebhookContent> {
  readonly name = 'webhook';
  readonly isTemplated = false;

  constructor(readonly kinds: readonly ProviderKind<WebhookContent>[]) {}

  parseAddress(to: string): { address: string } | { fault: string } {
    return fromPublicId('endpoint', to) ? { address: to } : { fault: 'must be the id of an endpoint, ep_…' };
  }

  /** An event is sent as it is. */
  hasTemplate(): boolean {
    return true;
  }

  /** The same bytes on every attempt: `timestamp` is when it was accepted. */
  compose({ type, createdAt, data }: Letter): WebhookContent {
    return { kind: 'webhook', body: JSON.stringify({ type, timestamp: createdAt.toISOString(), data }) };
  }
}
