import type { AttemptRecord, NotificationsRepository } from '../notifications/notifications.repository.js';
import { GroupCommit } from '../platform/database/group-commit.js';

/** In one commit; where PostgreSQL refuses it each by itself, so that one that cannot be written keeps no other. Throws the first failure, when all the others are written. */
export async function eachRecorded(
  notifications: NotificationsRepository,
  records: readonly AttemptRecord[],
): Promise<void> {
  const group = new GroupCommit<AttemptRecord, boolean>((some) => notifications.record(some), {
    maxRows: records.length,
    inFlight: 1,
  });
  const failure = (await group.addAll(records)).find((result) => result.status === 'rejected');
  if (failure) throw failure.reason;
}
