import { SegmentedMessage } from 'sms-segments-calculator';

import { htmlFault } from './html-balance.js';
import { TemplateError } from './template-error.js';
import type { Templates, TemplateSummary } from './templates.js';

/** Gmail cuts a letter here, and with it the end of the last table. Bytes. */
const GMAIL_CUTS_AT = 102_400;

/** Each segment is paid for, and phones on old networks show more than three as several texts. */
const SMS_SEGMENTS_ALLOWED = 3;

/** One rendering of one type in one language. */
export interface CheckedLetter {
  template: string;
  /** The default language is `default`. */
  locale: string;
  channel: 'email' | 'sms';
  /** For people: sizes, segments. */
  measure: string;
  faults: readonly string[];
}

/** Renders everything there is with its sample, as it would be sent, and looks at what comes out. */
export function checkTemplates(templates: Templates): CheckedLetter[] {
  return templates
    .list()
    .flatMap((type) => [undefined, ...type.locales].flatMap((locale) => checkType(templates, type, locale)));
}

function checkType(templates: Templates, type: TemplateSummary, locale: string | undefined): CheckedLetter[] {
  const sample = templates.sampleOf(type.name, locale);
  const unknown = templates.unsampled(type.name, locale, sample);
  const asked = unknown.map((name) => `sample.json lacks ${name}`);
  const about = { template: type.name, locale: locale ?? 'default' };
  const letters: CheckedLetter[] = [];
  if (templates.hasEmail(type.name)) {
    const { measure, faults } = orFaults(() =>
      measureEmail(templates.renderEmail(type.name, locale, sample)),
    );
    letters.push({ ...about, channel: 'email', measure, faults: [...asked, ...faults] });
  }
  if (templates.hasSms(type.name)) {
    const { measure, faults } = orFaults(() => measureSms(templates.renderSms(type.name, locale, sample)));
    letters.push({ ...about, channel: 'sms', measure, faults: [...asked, ...faults] });
  }
  return letters;
}

interface Measured {
  measure: string;
  faults: string[];
}

function measureEmail({ html, text }: { subject: string; html?: string; text: string }): Measured {
  const bytes = Buffer.byteLength(html ?? '');
  const nesting = html === undefined ? undefined : htmlFault(html);
  return {
    measure: `html ${kilo(bytes)}, text ${kilo(Buffer.byteLength(text))}`,
    faults: [
      ...(nesting === undefined ? [] : [`email.html: ${nesting}`]),
      ...(bytes > GMAIL_CUTS_AT ? [`email.html: ${bytes} bytes; Gmail cuts at ${GMAIL_CUTS_AT}`] : []),
    ],
  };
}

function measureSms(text: string): Measured {
  const { segmentsCount, encodingName } = new SegmentedMessage(text);
  const isLong = segmentsCount > SMS_SEGMENTS_ALLOWED;
  return {
    measure: `${text.length} characters, ${segmentsCount} × ${encodingName}`,
    faults: isLong ? [`sms: ${segmentsCount} segments; ${SMS_SEGMENTS_ALLOWED} are allowed`] : [],
  };
}

const kilo = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KB`;

function orFaults(measure: () => Measured): Measured {
  try {
    return measure();
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return { measure: '', faults: error.faults.map(({ path, message }) => `${path} ${message}`) };
  }
}
