import type { Life } from './life.js';
import { storyOf } from './life.js';
import type { Violation } from './rules.js';

/** Of one ordering key nobody is called before the one ahead of it, where the caller waited for each answer. */
export function disorderIn(lives: readonly Life[]): Violation[] {
  const byKey = new Map<string, Life[]>();
  for (const life of lives) {
    const key = life.stored?.orderingKey;
    if (key && life.calls.length > 0) byKey.set(key, [...(byKey.get(key) ?? []), life]);
  }
  return [...byKey.values()].flatMap((all) => {
    const inOrder = all.sort((a, b) => firstTryOf(a) - firstTryOf(b));
    return inOrder
      .filter((life, i) => i > 0 && life.calls[0]!.at < inOrder[i - 1]!.calls[0]!.at)
      .map((life): Violation => {
        const why = 'It overtook the one before it in its ordering key.';
        return { invariant: 'I2', offence: 'unexpected', why, story: storyOf(life) };
      });
  });
}

const firstTryOf = ({ intents }: Life): number => intents[0]?.tries[0]?.at ?? Infinity;
