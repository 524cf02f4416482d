import type { Calling } from './story.js';

/** As the lease has it: a process that has been silent for longer may be given up. */
export const SILENT_MS = 20_000;

/** Who is calling, since when, and until when the others leave it alone. */
export function explainCall(calling: Calling | undefined): string {
  if (calling === undefined) return 'The provider is being called.';
  const { number, provider, since, worker } = calling;
  const call = `Attempt ${number}: ${provider} has been called since ${since.toISOString()}`;
  if (worker === null)
    return `${call}, by a worker that has ended; upkeep asks what became of it within seconds.`;
  const who = `${call} by the worker ${worker.host} (process ${worker.pid})`;
  if (worker.silentMs > SILENT_MS)
    return `${who}, which has shown no sign of life for ${Math.round(worker.silentMs / 1_000)} s; upkeep takes the call as in doubt within seconds.`;
  const until = new Date(worker.renewedAt.getTime() + SILENT_MS).toISOString();
  return `${who}, whose lease runs until ${until} and is renewed while it lives.`;
}
