// node count.mjs RESULTS STATUS: "PASSED FAILED" from vitest's JSON report and its exit code; what did not pass, and why, to stderr.
// What was skipped or left to do has failed: a test that did not run proves nothing.
import { existsSync, readFileSync } from 'node:fs';

/** Enough for an assertion and where it stood. */
const REASON_LINES = 12;

const [file, status] = process.argv.slice(2);
const report = file && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
const { numTotalTests = 0, numPassedTests = 0 } = report;
const fileFaults = (report.testResults ?? []).filter(
  (one) => one.status === 'failed' && one.assertionResults.length === 0,
);

let failed = numTotalTests - numPassedTests + fileFaults.length;
// An error outside of any test, or no report, or no test at all.
if (failed === 0 && (status !== '0' || numTotalTests === 0)) {
  failed = 1;
  tell(
    'failed',
    `${file}: ${numTotalTests} tests`,
    `vitest ended with ${status}: an error outside of any test, or none ran`,
  );
}

for (const result of report.testResults ?? []) {
  if (fileFaults.includes(result)) tell('failed', result.name, result.message);
  for (const test of result.assertionResults) {
    if (test.status !== 'passed')
      tell(test.status, `${result.name}: ${test.fullName}`, test.failureMessages?.join('\n'));
  }
}
process.stdout.write(`${numPassedTests} ${failed}\n`);

function tell(state, name, why = '') {
  const reason = why.split('\n').slice(0, REASON_LINES).join('\n    ');
  process.stderr.write(`not passed (${state}): ${name}\n    ${reason}\n`);
}
