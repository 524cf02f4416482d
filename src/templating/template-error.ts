/** One thing that is wrong. `path` is a JSON pointer into the request: `/data/name`, `/template`. */
export interface TemplateFault {
  path: string;
  /** A sentence's end: "is not given". Never a value of the data. */
  message: string;
}

export type TemplateErrorCode = 'no_template' | 'template_error';

/** The template is missing, or the data does not fit it. Every fault that could be found, not only the first. */
export class TemplateError extends Error {
  constructor(
    readonly code: TemplateErrorCode,
    readonly template: string,
    readonly faults: readonly TemplateFault[],
  ) {
    super(faults.map((fault) => `${fault.path} ${fault.message}`).join('; '));
    this.name = 'TemplateError';
  }
}

/** What is wrong with the files: all of it, one line each, `file:line: what`. Raised at start only. */
export class TemplateFilesError extends Error {
  constructor(
    directory: string,
    readonly faults: readonly string[],
  ) {
    super(
      `The templates in ${directory} have ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n- ${faults.join('\n- ')}`,
    );
    this.name = 'TemplateFilesError';
  }
}

/** Raised while rendering by what refuses a value; `value` is only used to find where in the data it stands. */
export class DataFault extends Error {
  constructor(
    message: string,
    readonly value: unknown,
  ) {
    super(message);
    this.name = 'DataFault';
  }
}
