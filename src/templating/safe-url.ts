/** What a link in a letter may be. `javascript:` and `data:` run in some mail clients; a relative address means nothing there. */
const SCHEMES = new Set(['http:', 'https:', 'mailto:', 'tel:']);

/**
 * The address in its normal form (WHATWG URL: no quotes, no spaces, no line breaks, hosts in punycode), or undefined
 * when no link may point there. `https://bank.example@evil.example` is refused: it is made to be misread.
 */
export function safeUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (!SCHEMES.has(url.protocol) || url.username !== '' || url.password !== '') return undefined;
  return url.href;
}
