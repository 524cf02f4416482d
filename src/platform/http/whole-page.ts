import { createHash } from 'node:crypto';

/** What a page is made of: texts of ours alone; whatever anybody sent must come in escaped. */
export interface PageParts {
  title: string;
  style: string;
  markup: string;
  /** Left out: the page runs none. */
  script?: string;
  /** Whether its forms may be posted, to where the page itself comes from. */
  isForm?: boolean;
}

export interface WholePage {
  html: string;
  headers: Readonly<Record<string, string>>;
}

const sha256 = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/**
 * One document that loads nothing from anywhere.
 *
 * Scripts by hash: this one and no other, in the page and in every frame of it. Styles are `unsafe-inline`, because a frame
 * made with srcdoc inherits this policy and a letter without its inline styles is not the letter; what comes from outside
 * reaches the page itself as text only. Images are `data:` only, so that nothing in a letter tells anyone that it was
 * opened.
 */
export const wholePage = ({ title, style, markup, script, isForm }: PageParts): WholePage => ({
  html: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Cpath fill='%232a4bd0' d='M3 15.5 29 4l-7.5 24-6-9.5z'/%3E%3C/svg%3E">
<style>${style}</style>
</head>
<body>${markup}${script === undefined ? '' : `<script>${script}</script>`}</body>
</html>
`,
  headers: {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': [
      `default-src 'none'`,
      `script-src ${script === undefined ? `'none'` : sha256(script)}`,
      `style-src 'unsafe-inline'`,
      `img-src data:`,
      `connect-src 'self'`,
      `frame-src 'none'`,
      `base-uri 'none'`,
      `form-action ${isForm ? `'self'` : `'none'`}`,
      `frame-ancestors 'none'`,
    ].join('; '),
    'cache-control': 'no-cache',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  },
});
