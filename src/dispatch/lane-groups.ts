import type { Lane } from '../domain/channel.js';
import type { GroupCommitOptions } from '../platform/database/group-commit.js';
import type { BulkShare } from './bulk-share.js';

/** A statement of so many rows waits for nothing. */
const ENOUGH = 32;

/**
 * How claims and outcomes are gathered into commits, lane by lane: a campaign's keep nobody else's waiting, nor the places that
 * they hold. Two statements keep one gathering while the other commits; one of bulk at a time loses nothing by it, its
 * groups are larger, and leaves connections free.
 *
 * Between statements of few rows a call begins, and a place is free, a few milliseconds later: where somebody waits for it by as
 * long as a statement takes, in bulk by twice that, and by four times while it yields to transactional work.
 */
export const laneGroups = (share: Pick<BulkShare, 'isYielding'>): Record<Lane, GroupCommitOptions> => ({
  transactional: { maxRows: 64, inFlight: 2, fewestBeside: 32, rest: { times: () => 1, enough: ENOUGH } },
  bulk: { maxRows: 64, inFlight: 1, rest: { times: () => (share.isYielding ? 4 : 2), enough: ENOUGH } },
});
