/** More hints in a job were slower again: the last of a chunk waits for a place behind the others. */
const LARGEST = 50;
/** Jobs that a backlog is spread over at least, so that all of a worker's hands are full before a chunk grows. */
const SPREAD = 8;

/** Cuts hints into jobs, sized by how many there are: one each when idle, fifty under a backlog. */
export function intoChunks<T>(hints: readonly T[]): T[][] {
  const size = Math.min(LARGEST, Math.max(1, Math.ceil(hints.length / SPREAD)));
  const chunks: T[][] = [];
  for (let at = 0; at < hints.length; at += size) chunks.push(hints.slice(at, at + size));
  return chunks;
}
