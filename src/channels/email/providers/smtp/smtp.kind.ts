import type { EmailContent, ProviderKind } from '../../../channel.js';
import { SmtpOptions } from './smtp.options.js';
import { SmtpProvider } from './smtp.provider.js';

export const smtpKind: ProviderKind<EmailContent> = {
  kind: 'smtp',
  options: SmtpOptions,
  keyLifeMs: () => 0,
  canBeAsked: false,
  senderOf: (config) => String(config.options['from']),
  create: (config) => new SmtpProvider(config),
};
