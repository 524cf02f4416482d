import type { EmailContent, ProviderKind } from '../../../channel.js';
import { ResendOptions } from './resend.options.js';
import { RESEND_KEY_LIFE_MS, ResendProvider } from './resend.provider.js';

export const resendKind: ProviderKind<EmailContent> = {
  kind: 'resend',
  options: ResendOptions,
  keyLifeMs: () => RESEND_KEY_LIFE_MS,
  canBeAsked: false,
  senderOf: (config) => String(config.options['from']),
  create: (config) => new ResendProvider(config),
};
