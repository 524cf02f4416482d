import { TemplateError } from '../templating/template-error.js';
import { UnfitContentError } from './unfit-content.js';

/** What `compose` throws when the caller's data is at fault; anything else it throws is a bug of ours. */
export const isUnfit = (error: unknown): error is TemplateError | UnfitContentError =>
  error instanceof TemplateError || error instanceof UnfitContentError;
