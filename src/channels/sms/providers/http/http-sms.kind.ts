import type { ProviderKind, SmsContent } from '../../../channel.js';
import { HttpSmsOptions } from './http-sms.options.js';
import { HttpSmsProvider } from './http-sms.provider.js';

export const httpSmsKind: ProviderKind<SmsContent> = {
  kind: 'http-sms',
  options: HttpSmsOptions,
  create: (config) => new HttpSmsProvider(config),
};
