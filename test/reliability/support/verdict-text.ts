import type { Verdict } from './judge.js';

/** Of one kind of violation, so many stories: the hundredth tells no more than the first. */
const STORIES_EACH = 3;

export const isGreen = ({ violations }: Verdict): boolean => violations.length === 0;

/** The table, and each kind of violation with its first stories. */
export function verdictText(title: string, verdict: Verdict): string {
  const { counts, slowestAnswerMs, ownLagMs, recoveredInMs, alerts } = verdict;
  const recovered = recoveredInMs === undefined ? 'no' : `${(recoveredInMs / 1_000).toFixed(1)} s`;
  const lines = [
    `${isGreen(verdict) ? 'GREEN' : 'RED  '}  ${title}`,
    `  ${Object.entries(counts)
      .map(([result, count]) => `${result} ${count}`)
      .join(' · ')}`,
    `  slowest answer ${slowestAnswerMs.toFixed(0)} ms (of which the harness may owe ${ownLagMs.toFixed(0)}) · drained after the last fault in ${recovered} · alerts raised ${alerts}`,
  ];
  return [...lines, ...violationLines(verdict)].join('\n');
}

function violationLines({ violations }: Verdict): string[] {
  const kinds = new Map<string, typeof violations>();
  for (const one of violations) {
    const kind = `${one.invariant} ${one.offence}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), one]);
  }
  return [...kinds].flatMap(([kind, all]) => [
    `  ${kind}: ${all.length}`,
    ...all
      .slice(0, STORIES_EACH)
      .flatMap(({ why, story }) => [`    ${why}`, ...story.split('\n').map((line) => `      ${line}`)]),
  ]);
}
