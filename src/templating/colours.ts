/** Six hexadecimal digits are all that mail clients agree on, and nothing else may enter a style attribute. */
const HEX = /^#[0-9a-f]{6}$/i;

export const isHexColour = (text: string): boolean => HEX.test(text);

/** White or near-black, whichever reads better on `background` (`#rrggbb`). WCAG 2.2, contrast ratio. */
export function inkOn(background: string): string {
  const light = luminance(background);
  const onWhite = 1.05 / (light + 0.05);
  const onBlack = (light + 0.05) / 0.05;
  return onWhite >= onBlack || onWhite >= ENOUGH_FOR_BOLD ? '#ffffff' : '#111827';
}

/** A button's label is large and bold: WCAG asks 3 : 1 there, and brands expect white on their colour. */
const ENOUGH_FOR_BOLD = 3;

/** What each of the 256 values of a channel adds to the light: every letter asks for its brand's colour. WCAG 2.2, relative luminance. */
const LIGHT = Float64Array.from({ length: 256 }, (_, value) => {
  const share = value / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
});

/** WCAG 2.2, relative luminance, 0 (black) to 1 (white). */
function luminance(colour: string): number {
  const light = (at: number): number => LIGHT[parseInt(colour.slice(at, at + 2), 16)]!;
  return 0.2126 * light(1) + 0.7152 * light(3) + 0.0722 * light(5);
}
