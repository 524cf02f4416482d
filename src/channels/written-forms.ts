/** A shorter piece of Base64 stands in many a word. */
const SHORTEST_BASE64 = 8;

/**
 * The ways in which another machine may repeat a value: as it stands, in a URL, in Base64. Base64 depends on what stands
 * before the value, so there are three of it, each without the characters that its neighbours have a part in.
 */
export function writtenForms(value: string): string[] {
  const bytes = Buffer.from(value);
  const inUrl = encodeURIComponent(bytes.toString());
  const inBase64 = [0, 1, 2]
    .map((offset) => base64At(bytes, offset))
    .filter((form) => form.length >= SHORTEST_BASE64)
    .flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]);
  return [...new Set([value, inUrl, ...inBase64])];
}

/** What is surely the value's own when `offset` bytes stand before it, modulo three. */
function base64At(bytes: Buffer, offset: number): string {
  const whole = Buffer.concat([Buffer.alloc(offset), bytes]);
  const text = whole.toString('base64').replace(/=+$/, '');
  const isCut = whole.length % 3 !== 0;
  return text.slice(offset === 0 ? 0 : offset + 1, isCut ? -1 : undefined);
}
