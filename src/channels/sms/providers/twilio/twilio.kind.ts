import type { ProviderKind, SmsContent } from '../../../channel.js';
import { TwilioOptions } from './twilio.options.js';
import { TwilioProvider } from './twilio.provider.js';

export const twilioKind: ProviderKind<SmsContent> = {
  kind: 'twilio',
  options: TwilioOptions,
  keyLifeMs: () => 0,
  canBeAsked: true,
  senderOf: (config) => String(config.options['from'] ?? config.options['messaging_service_sid']),
  create: (config) => new TwilioProvider(config),
};
