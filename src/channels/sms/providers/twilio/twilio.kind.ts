import type { ProviderKind, SmsContent } from '../../../channel.js';
import { TwilioOptions } from './twilio.options.js';
import { TwilioProvider } from './twilio.provider.js';

export const twilioKind: ProviderKind<SmsContent> = {
  kind: 'twilio',
  options: TwilioOptions,
  create: (config) => new TwilioProvider(config),
};
