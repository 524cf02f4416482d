/** The caller's data made content the channel cannot carry: `template_error` at the door, with the field to look at. */
export class UnfitContentError extends Error {
  readonly code = 'template_error';

  constructor(readonly faults: readonly { path: string; message: string }[]) {
    super(faults.map(({ path, message }) => `${path} ${message}`).join('; '));
    this.name = 'UnfitContentError';
  }
}
