import { accept } from './accept.question.js';
import { acceptBatches } from './accept-batches.question.js';
import { burst } from './burst.question.js';
import { email } from './email.question.js';
import { endToEnd } from './end-to-end.question.js';
import { growth } from './growth.question.js';
import { isolation } from './isolation.question.js';
import { latency } from './latency.question.js';
import { memory } from './memory.question.js';
import { scale } from './scale.question.js';
import { sms } from './sms.question.js';
import { type Effort, effortOf } from './support/effort.js';
import { type Answer, keepAnswer, printAnswer } from './support/report.js';

type Question = (effort: Effort) => Promise<Answer>;

const ALL: Readonly<Record<string, Question>> = {
  accept,
  'accept-batches': acceptBatches,
  burst,
  'end-to-end': endToEnd,
  latency,
  isolation,
  email,
  sms,
};
/** Asked by name alone: each takes minutes of its own, to fill a database or to wait for a slope. */
const LONG: Readonly<Record<string, Question>> = { growth, memory, scale };
const QUESTIONS = { ...ALL, ...LONG };

/** `npm run bench [-- NAME…] [--quick]`. A question that fails does not keep the others from being asked. */
async function main(words: readonly string[]): Promise<number> {
  const asked = words.filter((word) => !word.startsWith('-'));
  const unknown = asked.filter((name) => !(name in QUESTIONS));
  if (unknown.length > 0) {
    console.error(`There is no question ${unknown.join(', ')}; only ${Object.keys(QUESTIONS).join(', ')}.`);
    return 2;
  }
  let failures = 0;
  for (const name of asked.length > 0 ? asked : Object.keys(ALL)) {
    try {
      const answer = await QUESTIONS[name]!(effortOf(words, asked.length === 0));
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
