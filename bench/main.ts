import { accept } from './accept.question.js';
import { acceptBatches } from './accept-batches.question.js';
import { burst } from './burst.question.js';
import { endToEnd } from './end-to-end.question.js';
import { isolation } from './isolation.question.js';
import { latency } from './latency.question.js';
import { type Effort, effortOf } from './support/effort.js';
import { type Answer, keepAnswer, printAnswer } from './support/report.js';

const QUESTIONS: Readonly<Record<string, (effort: Effort) => Promise<Answer>>> = {
  accept,
  'accept-batches': acceptBatches,
  burst,
  'end-to-end': endToEnd,
  latency,
  isolation,
};

/** `npm run bench [-- NAME…] [--quick]`. A question that fails does not keep the others from being asked. */
async function main(words: readonly string[]): Promise<number> {
  const asked = words.filter((word) => !word.startsWith('-'));
  const unknown = asked.filter((name) => !(name in QUESTIONS));
  if (unknown.length > 0) {
    console.error(`There is no question ${unknown.join(', ')}; only ${Object.keys(QUESTIONS).join(', ')}.`);
    return 2;
  }
  let failures = 0;
  for (const name of asked.length > 0 ? asked : Object.keys(QUESTIONS)) {
    try {
      const answer = await QUESTIONS[name]!(effortOf(words));
      printAnswer(answer);
      console.log(`  kept in ${keepAnswer(name, answer)}`);
    } catch (error) {
      failures++;
      console.error(`\n${name} could not be answered: ${(error as Error).stack}`);
    }
  }
  return failures === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
