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

/** Where the recipient of one notification (`ntf_…`) can end its type; undefined when this installation has no public URL. */
export interface UnsubscribeUrls {
  urlFor(notificationId: string): string | undefined;
}

/** For who asks what there is, and writes to nobody. */
const NO_LINKS: UnsubscribeUrls = { urlFor: () => undefined };

/** Mail to one mailbox. Knows addresses and content; how it travels is the providers' affair. */
export class EmailChannel implements Channel<EmailContent> {
  readonly name = 'email';
  readonly isTemplated = true;
  readonly kinds = [smtpKind, resendKind];

  constructor(
    private readonly templates: EmailTemplates,
    private readonly links: UnsubscribeUrls = NO_LINKS,
  ) {}

  parseAddress(to: string): ParsedAddress {
    return parseEmailAddress(to);
  }

  hasTemplate(template: string): boolean {
    return this.templates.hasEmail(template);
  }

  /** Bulk mail carries a way out, which its template knows as `unsubscribe_url`. */
  compose({ id, template, locale, data, lane }: Letter): EmailContent {
    const unsubscribeUrl = lane === 'bulk' ? this.links.urlFor(id) : undefined;
    if (unsubscribeUrl === undefined)
      return { kind: 'email', ...this.templates.renderEmail(template, locale, data) };
    const rendered = this.templates.renderEmail(template, locale, {
      ...data,
      unsubscribe_url: unsubscribeUrl,
    });
    return { kind: 'email', ...rendered, unsubscribeUrl };
  }
}
