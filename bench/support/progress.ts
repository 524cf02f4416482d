/** Where a question stands: one line that is written over on a terminal, lines with the time in a log. */
export function tell(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${text.padEnd(60)}\r`);
  else process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
}

/** Clears the line. */
export function tellNothing(): void {
  if (process.stderr.isTTY) tell('');
}
