import { wholePage, type WholePage } from '../platform/http/whole-page.js';
import type { Subscription } from './unsubscribe.service.js';

/** One sheet, both schemes, from 320 px up; the paper and ink of the other pages. */
const style = String.raw`
:root { color-scheme: light dark; --paper: #f6f4ef; --card: #fffefb; --line: #e2ddd2; --ink: #1d2230; --quiet: #5d6370; --accent: #2a4bd0; --on-accent: #fff; --shadow: 0 1px 2px rgb(40 30 10 / .06), 0 8px 24px rgb(40 30 10 / .06); }
@media (prefers-color-scheme: dark) { :root { --paper: #12151c; --card: #1a1e28; --line: #2c3240; --ink: #e9ebf1; --quiet: #a3abbb; --accent: #8ea6ff; --on-accent: #0f1530; --shadow: none; } }
* { box-sizing: border-box; }
html, body { min-height: 100%; margin: 0; }
body { background: var(--paper); color: var(--ink); font: 17px/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; }
body::before { content: ''; display: block; height: 6px; background: repeating-linear-gradient(-55deg, #c8372d 0 18px, var(--paper) 18px 30px, #2a4bd0 30px 48px, var(--paper) 48px 60px); }
main { max-width: 520px; margin: 12vh auto 40px; padding: 0 16px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 16px; padding: 32px; box-shadow: var(--shadow); }
h1 { font-size: 26px; line-height: 1.2; letter-spacing: -.02em; margin: 0 0 12px; }
p { margin: 0 0 12px; overflow-wrap: anywhere; } p:last-child { margin: 0; } strong { font-weight: 650; }
.quiet { color: var(--quiet); font-size: 15px; }
form { margin: 22px 0 18px; }
button { font: inherit; font-weight: 600; min-height: 48px; padding: 10px 24px; border: 0; border-radius: 10px; background: var(--accent); color: var(--on-accent); cursor: pointer; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
@media (max-width: 480px) { main { margin-top: 24px; } .card { padding: 24px 20px; } button { width: 100%; } }
`;

const headers = { 'cache-control': 'no-store', 'x-robots-tag': 'noindex, nofollow' } as const;

/** What this page may do is said by its headers: post its own form, and nothing else. */
const page = (title: string, body: string): WholePage => {
  const whole = wholePage({
    title,
    style,
    markup: `<main><div class="card"><h1>${title}</h1>${body}</div></main>`,
    isForm: true,
  });
  return { html: whole.html, headers: { ...whole.headers, ...headers } };
};

/** The question. Only its button says yes: mail scanners follow links, they do not press buttons. */
export const askPage = (subscription: Subscription): WholePage =>
  page(
    'Unsubscribe?',
    `<p>You will get no more mail of the kind ${kindOf(subscription)}${addressOf(subscription)}.</p>
<form method="post"><input type="hidden" name="List-Unsubscribe" value="One-Click"><button type="submit">Unsubscribe</button></form>
<p class="quiet">Messages you need, such as receipts or sign-in codes, are of other kinds and still arrive.</p>`,
  );

export const donePage = (subscription: Subscription): WholePage =>
  page(
    'You are unsubscribed',
    `<p role="status">No more mail of the kind ${kindOf(subscription)} will be sent${addressOf(subscription)}.</p>
<p class="quiet">If this was a mistake, tell the sender: only they can take you on again.</p>`,
  );

export const unknownPage = (): WholePage =>
  page(
    'This link does not work',
    `<p>It is incomplete, or it is not from here. Nothing was changed.</p>
<p class="quiet">Open the link in the mail itself once more, or copy the whole of it.</p>`,
  );

const kindOf = ({ type }: Subscription): string => `<strong>${escaped(type)}</strong>`;

const addressOf = ({ address }: Subscription): string =>
  address === undefined ? '' : ` to <strong>${escaped(address)}</strong>`;

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
