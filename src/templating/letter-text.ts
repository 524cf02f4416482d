import type { TemplateFault } from './template-error.js';

export type PartName = 'email.subject' | 'email.html' | 'email.text' | 'sms';

/**
 * The longest letter each part may become, in characters. Subject: what fits one header line of RFC 5322 even when
 * each character takes four encoded bytes. HTML: twice of what Gmail shows before it cuts. SMS: what Twilio takes.
 */
export const LONGEST: Record<PartName, number> = {
  'email.subject': 250,
  'email.html': 204_800,
  'email.text': 102_400,
  sms: 1_600,
};

/** Ends lines or hides text: C0, DEL and C1 controls, Unicode's own line and paragraph separators. */
const CONTROL_RUN = /[\p{Cc}\u2028\u2029]+/gu;
/** The same, but for the line feed and the tab. */
const CONTROL_IN_TEXT = /[^\P{Cc}\n\t]/gu;

/** The same, to be looked for. */
const CONTROL = /[^\P{Cc}\n\t]/u;

/** Whether there is something in a text that no letter may carry, a carriage return for one. */
export const hasControls = (text: string): boolean => CONTROL.test(text);

/** What a template and its data have come to. */
export interface Rendered {
  text: string;
  /** Known without another look at it: a letter is long. */
  hasControls: boolean;
}

/** What was rendered, in the form in which it may travel; or why it may not. */
export function finishPart(part: PartName, rendered: Rendered): { text: string } | { fault: TemplateFault } {
  // Half a character has no UTF-8 form, and each library mends it in its own way.
  const text = FINISH[part]({ ...rendered, text: rendered.text.toWellFormed() });
  if (text === '') return { fault: { path: '/data', message: `leaves ${part} empty` } };
  if (text.length <= LONGEST[part]) return { text };
  return {
    fault: {
      path: '/data',
      message: `makes ${part} ${text.length} characters long; ${LONGEST[part]} are allowed`,
    },
  };
}

const FINISH: Record<PartName, (rendered: Rendered) => string> = {
  // A header's value: nothing in it can end the header.
  'email.subject': ({ text }) => text.replace(CONTROL_RUN, ' ').replace(/ {2,}/g, ' ').trim(),
  'email.html': (rendered) => unixLines(rendered).trim(),
  'email.text': (rendered) => `${tidyLines(rendered)}\n`.trimStart(),
  sms: (rendered) => tidyLines(rendered),
};

const unixLines = ({ text, hasControls }: Rendered): string =>
  hasControls ? text.replace(/\r\n?/g, '\n').replace(CONTROL_IN_TEXT, '') : text;

/** Conditions in a template leave empty lines behind: at most one stays. */
const tidyLines = (rendered: Rendered): string =>
  withoutTrailingBlanks(unixLines(rendered))
    .replace(/\n{3,}/g, '\n\n')
    .trim();

/** Most texts have none, and looking is cheaper than taking the text apart. */
const BLANK_AT_END = /[^\S\n]\n/;

/** Line by line: a pattern for all the blanks at an end takes quadratic time on a hostile line. */
const withoutTrailingBlanks = (text: string): string =>
  BLANK_AT_END.test(text)
    ? text
        .split('\n')
        .map((line) => line.trimEnd())
        .join('\n')
    : text;
