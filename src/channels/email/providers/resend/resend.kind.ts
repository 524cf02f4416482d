import type { EmailContent, ProviderKind } from '../../../channel.js';
import { ResendOptions } from './resend.options.js';
import { ResendProvider } from './resend.provider.js';

export const resendKind: ProviderKind<EmailContent> = {
  kind: 'resend',
  options: ResendOptions,
  create: (config) => new ResendProvider(config),
};
