import { PROOFS } from './support/proofs.js';
import { verdictText } from './support/verdict-text.js';

/** `npm run test:reliability -- --prove-red`: prints what the judge says of each broken deployment; ends 0 if all are red. */
async function main(words: readonly string[]): Promise<number> {
  const backend = words.includes('postgresql') ? 'postgresql' : 'redis';
  let blind = 0;
  for (const { title, finds, run } of PROOFS) {
    const verdict = await run(backend);
    console.log(`\n${verdictText(title, verdict)}`);
    const found = verdict.violations.map(({ invariant, offence }) => `${invariant} ${offence}`);
    if (found.includes(finds)) continue;
    blind++;
    console.log(`  The judge did not see it: ${finds} was expected.`);
  }
  console.log(blind === 0 ? '\nAll three are red, as they must be.' : `\n${blind} were not seen.`);
  return blind === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
