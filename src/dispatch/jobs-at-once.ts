/** Hints that a worker holds at once, in however many jobs: what waits here for a place cannot go to another worker. */
const HINTS = 400;
const FEWEST = 8;
const MOST = 32;

/**
 * How many jobs a worker takes at once, by how many hints one carries. A job is held until its hints are claimed, some tens of
 * milliseconds on a busy machine; while few hints come at a time, eight jobs of two or three would leave most places free.
 */
export const jobsAtOnce = (hintsInOne: number): number =>
  Math.min(MOST, Math.max(FEWEST, Math.ceil(HINTS / hintsInOne)));
