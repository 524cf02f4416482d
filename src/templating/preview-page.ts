import { wholePage } from '../platform/http/whole-page.js';
import { markup } from './preview/markup.js';
import { script } from './preview/script.js';
import { style } from './preview/style.js';

/** The templates' page. A logo shows its alternative text here: looking at a preview tells nobody. */
export const { html: PREVIEW_PAGE, headers: PREVIEW_PAGE_HEADERS } = wholePage({
  title: 'Posthaste Templates',
  style,
  markup,
  script,
});
