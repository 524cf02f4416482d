import { createHash } from 'node:crypto';

import { markup } from './preview/markup.js';
import { script } from './preview/script.js';
import { style } from './preview/style.js';

const sha256 = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** The templates' page: one document that loads nothing from anywhere. */
export const PREVIEW_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Posthaste Templates</title>
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Cpath fill='%232a4bd0' d='M3 15.5 29 4l-7.5 24-6-9.5z'/%3E%3C/svg%3E">
<style>${style}</style>
</head>
<body>${markup}<script>${script}</script></body>
</html>
`;

/**
 * Scripts by hash: this one and no other, in the page and in its frame, which is sandboxed besides. Styles are
 * `unsafe-inline`, because a frame made with srcdoc inherits this policy and a letter is nothing without its inline
 * styles; what is rendered reaches the page itself as text only. Images are `data:` only: looking at a preview tells
 * nobody, so a logo shows its alternative text here.
 */
export const PREVIEW_PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': [
    `default-src 'none'`,
    `script-src ${sha256(script)}`,
    `style-src 'unsafe-inline'`,
    `img-src data:`,
    `connect-src 'self'`,
    `frame-src 'none'`,
    `base-uri 'none'`,
    `form-action 'none'`,
    `frame-ancestors 'none'`,
  ].join('; '),
  'cache-control': 'no-cache',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};
