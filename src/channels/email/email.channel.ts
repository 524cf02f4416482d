import type { Channel, EmailContent, Letter } from '../channel.js';
import { parseEmailAddress, type ParsedAddress } from './email-address.js';
import { resendKind } from './providers/resend/resend.kind.js';
import { smtpKind } from './providers/smtp/smtp.kind.js';

/** What the channel needs of the templates; throws TemplateError when the data does not fit. */
export interface EmailTemplates {
  hasEmail(template: string): boolean;
  renderEmail(
    template: string,
    locale: string | undefined,
    data: Record<string, unknown>,
  ): { subject: string; html?: string; text: string };
}

/** Mail to one mailbox. Knows addresses and content; how it travels is the providers' affair. */
export class EmailChannel implements Channel<EmailContent> {
  readonly name = 'email';
  readonly kinds = [smtpKind, resendKind];

  constructor(private readonly templates: EmailTemplates) {}

  parseAddress(to: string): ParsedAddress {
    return parseEmailAddress(to);
  }

  hasTemplate(template: string): boolean {
    return this.templates.hasEmail(template);
  }

  compose(letter: Letter): EmailContent {
    return { kind: 'email', ...this.templates.renderEmail(letter.template, letter.locale, letter.data) };
  }
}
