const FEWEST = 8;
/** BullMQ starts what it fetched when it has fetched all it may, one after the other; in PostgreSQL each is a commit. */
const MOST = { redis: 32, postgresql: FEWEST } as const;
/** Hints in hand for each place at the provider, above which a worker takes no more than the fewest jobs. */
const HINTS_PER_PLACE = 2;

/**
 * How many jobs a worker takes at once, by the hints it has in hand. A job is held until its hints are claimed, some tens of
 * milliseconds on a busy machine: while jobs have two or three hints, eight of them leave most places free. What waits here for
 * a place, on the other hand, cannot go to another worker.
 */
export const jobsAtOnce = (backend: keyof typeof MOST, hintsInHand: number, places: number): number =>
  hintsInHand < HINTS_PER_PLACE * places ? MOST[backend] : FEWEST;

/** Before it has seen one: they may be full. */
export const JOBS_AT_FIRST = FEWEST;
