/** RFC 5646 allows more; nobody writes mail in a tag longer than this. */
const LONGEST = 35;

/** A language tag in its canonical spelling (`pt_br` → `pt-BR`), or undefined when it is none. */
export function canonicalLocale(locale: string): string | undefined {
  if (locale.length > LONGEST) return undefined;
  try {
    return Intl.getCanonicalLocales(locale.replaceAll('_', '-'))[0];
  } catch {
    return undefined;
  }
}

/** From the narrowest to the widest: `zh-Hant-TW` → `zh-Hant-TW`, `zh-Hant`, `zh`. RFC 4647 §3.4, lookup. */
export function localeChain(canonical: string): string[] {
  const subtags = canonical.split('-');
  return subtags.map((_, dropped) => subtags.slice(0, subtags.length - dropped).join('-'));
}
