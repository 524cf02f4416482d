import type { Lane } from '../domain/channel.js';
import type { GroupCommitOptions } from '../platform/database/group-commit.js';

/** Nobody waits for these but machines: a call that begins a few milliseconds later, a place that is free a few later. */
const REST = { times: 2, enough: 32 };

/**
 * How claims and outcomes are gathered into commits, lane by lane: a campaign's keep nobody else's waiting, nor the places that
 * they hold. Two statements keep one gathering while the other commits; one of bulk at a time loses nothing by it, its
 * groups are larger, and leaves connections free.
 */
export const LANE_GROUPS: Readonly<Record<Lane, GroupCommitOptions>> = {
  transactional: { maxRows: 64, inFlight: 2, fewestBeside: 32, rest: REST },
  bulk: { maxRows: 64, inFlight: 1, rest: REST },
};
