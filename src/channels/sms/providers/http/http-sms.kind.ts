import type { ProviderKind, SmsContent } from '../../../channel.js';
import { HttpSmsOptions } from './http-sms.options.js';
import { HttpSmsProvider } from './http-sms.provider.js';

export const httpSmsKind: ProviderKind<SmsContent> = {
  kind: 'http-sms',
  options: HttpSmsOptions,
  keyLifeMs: (config) => (config.options['is_idempotent'] === true ? Infinity : 0),
  canBeAsked: false,
  senderOf: (config) => (config.options['from'] as string | undefined) ?? '',
  create: (config) => new HttpSmsProvider(config),
};
