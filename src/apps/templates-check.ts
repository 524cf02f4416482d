import { loadConfig } from '../platform/config/config.js';
import { type CheckedLetter, checkTemplates } from '../templating/template-check.js';
import { TemplateFilesError } from '../templating/template-error.js';
import { Templates } from '../templating/templates.js';

/** `npm run templates:check`: renders every template in every language with its sample. Exits 1 when one is at fault. */
function main(): number {
  const letters = checkTemplates(Templates.load(loadConfig().environment.templatesDir));
  print(letters);
  const faulty = letters.filter(({ faults }) => faults.length > 0);
  say(
    faulty.length === 0
      ? `All ${letters.length} letters are well.`
      : `${faulty.length} of ${letters.length} letters have faults.`,
  );
  return faulty.length === 0 ? 0 : 1;
}

function print(letters: readonly CheckedLetter[]): void {
  const rows = letters.map(({ template, locale, channel, measure, faults }) => [
    faults.length === 0 ? 'ok' : 'FAULT',
    template,
    locale,
    channel,
    measure,
  ]);
  const widths = rows.reduce(
    (known, row) => row.map((cell, i) => Math.max(known[i] ?? 0, cell.length)),
    [] as number[],
  );
  rows.forEach((row, at) => {
    say(
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    );
    for (const fault of letters[at]!.faults) say(`       ${fault}`);
  });
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

try {
  process.exitCode = main();
} catch (error) {
  if (!(error instanceof TemplateFilesError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
