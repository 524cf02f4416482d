import { wholePage } from '../platform/http/whole-page.js';
import { markup } from './page/markup.js';
import { api } from './page/script/api.js';
import { app } from './page/script/app.js';
import { details } from './page/script/details.js';
import { dom } from './page/script/dom.js';
import { examples } from './page/script/examples.js';
import { faults } from './page/script/faults.js';
import { style } from './page/style.js';

/** The sandbox's page. */
export const { html: SANDBOX_PAGE, headers: SANDBOX_PAGE_HEADERS } = wholePage({
  title: 'Posthaste Sandbox',
  style,
  markup,
  script: `'use strict';\n(() => {${[dom, api, examples, details, faults, app].join('')}})();`,
});
