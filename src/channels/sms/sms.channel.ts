import { UnfitContentError } from '../unfit-content.js';
import type { Channel, Letter, SmsContent } from '../channel.js';
import { countryOfNumber, parsePhoneNumber, type ParsedNumber } from './phone-number.js';
import { httpSmsKind } from './providers/http/http-sms.kind.js';
import { twilioKind } from './providers/twilio/twilio.kind.js';
import { MAX_CHARACTERS, MAX_SEGMENTS, segmentsOf } from './segments.js';

/** What the channel needs of the templates; throws TemplateError when the data does not fit. */
export interface SmsTemplates {
  hasSms(template: string): boolean;
  renderSms(template: string, locale: string | undefined, data: Record<string, unknown>): string;
}

/** Texts to one phone. Knows numbers, texts and their segments; how they travel is the providers' affair. */
export class SmsChannel implements Channel<SmsContent> {
  readonly name = 'sms';
  readonly isTemplated = true;
  readonly kinds = [twilioKind, httpSmsKind];

  constructor(private readonly templates: SmsTemplates) {}

  parseAddress(to: string): ParsedNumber {
    return parsePhoneNumber(to);
  }

  countryOf(address: string): string | undefined {
    return countryOfNumber(address);
  }

  hasTemplate(template: string): boolean {
    return this.templates.hasSms(template);
  }

  /**
   * Throws UnfitContentError for an empty text, which every provider refuses, and for one beyond six segments: it would
   * be billed as that many texts, and dropped by many carriers.
   */
  compose(letter: Letter): SmsContent {
    const text = this.templates.renderSms(letter.template, letter.locale, letter.data);
    const fault = lengthFault(text);
    if (fault !== undefined) throw new UnfitContentError([{ path: '/data', message: fault }]);
    return { kind: 'sms', text, segments: segmentsOf(text).count };
  }
}

function lengthFault(text: string): string | undefined {
  if (text.trim() === '') return 'makes an empty text';
  if (text.length > MAX_CHARACTERS)
    return `makes a text of ${text.length} characters; at most ${MAX_CHARACTERS} fit`;
  const { count, encoding } = segmentsOf(text);
  return count > MAX_SEGMENTS
    ? `makes a text of ${count} ${encoding} segments; at most ${MAX_SEGMENTS} may be sent`
    : undefined;
}
