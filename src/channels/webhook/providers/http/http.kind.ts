import { Type } from 'typebox';

import type { EndpointDirectory } from '../../../../endpoints/endpoint-directory.service.js';
import type { AddressFilter } from '../../../../platform/http/address-filter.js';
import type { ProviderKind, WebhookContent } from '../../../channel.js';
import { HttpWebhookProvider } from './http.provider.js';

/** `kind: http`: no options of its own; what matters is each endpoint's. */
export const httpKind = (
  endpoints: Pick<EndpointDirectory, 'find'>,
  filter: AddressFilter,
): ProviderKind<WebhookContent> => ({
  kind: 'http',
  options: Type.Object({}),
  keyLifeMs: () => Infinity, // `webhook-id`; keeping it is the receiver's part
  canBeAsked: false,
  senderOf: () => '',
  create: (config) => new HttpWebhookProvider(config, endpoints, filter),
});
