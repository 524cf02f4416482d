const WIDTH = 28;

/** Runs one phase and prints one line for it, with its duration. */
export async function phase(name, work) {
  const startedAt = performance.now();
  const note = await work();
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`  ${name.padEnd(WIDTH)} ${seconds.padStart(6)} s${note ? `  ${note}` : ''}`);
}

/** One line within a phase. */
export const note = (line) => console.log(`    ${line}`);
