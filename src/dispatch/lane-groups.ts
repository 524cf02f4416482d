import type { Lane } from '../domain/channel.js';
import type { GroupCommitOptions } from '../platform/database/group-commit.js';

/**
 * How claims and outcomes are gathered into commits, lane by lane: a campaign's keep nobody else's waiting, nor the places that
 * they hold. Two statements keep one gathering while the other commits; one of bulk at a time loses nothing by it, its
 * groups are larger, and leaves connections free.
 */
export const LANE_GROUPS: Readonly<Record<Lane, GroupCommitOptions>> = {
  transactional: { maxRows: 64, inFlight: 2, fewestBeside: 32 },
  bulk: { maxRows: 64, inFlight: 1 },
};
