import { tell, tellNothing } from './progress.js';

/**
 * Measures all variants in turn (A B C A B C …): a machine that slows down meanwhile slows them alike, and the ratio of
 * two figures taken side by side stands where the figures alone would not.
 */
export async function interleave<V extends { name: string }, R>(
  variants: readonly V[],
  repetitions: number,
  measure: (variant: V, repetition: number) => Promise<R>,
): Promise<Map<string, R[]>> {
  const results = new Map<string, R[]>(variants.map(({ name }) => [name, []]));
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const variant of variants) {
      tell(`  ${repetition + 1}/${repetitions} ${variant.name}`);
      results.get(variant.name)!.push(await measure(variant, repetition));
    }
  }
  tellNothing();
  return results;
}
