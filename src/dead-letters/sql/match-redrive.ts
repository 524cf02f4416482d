import { isUndelivered } from '../../domain/status.js';
import type { Redrivable } from '../redrive.schema.js';
import { type Bind, conditionsOn, type DeadLetterFilter, exactTimes } from './dead-letter-filter.js';
import { lowestIdFrom, lowestIdPast } from '../../notifications/id-range.js';

export interface RedriveMatch extends DeadLetterFilter {
  status: Redrivable;
  /** UUIDs. */
  ids?: readonly string[] | undefined;
  /** UUID. Of the dead alone, as are the times of their death. */
  endpointId?: string | undefined;
  diedAfter?: Date | undefined;
  diedBefore?: Date | undefined;
}

/** A statement that answers the ids of what a redrive covers, as it stands now. */
export const matching = (match: RedriveMatch, bind: Bind): string =>
  isUndelivered(match.status) ? amongUndelivered(match, bind) : amongSent(match, bind);

/** `undelivered` knows why; a range of time is told exactly by the notification. */
function amongUndelivered(match: RedriveMatch, bind: Bind): string {
  const exact = [
    ...exactTimes(match, bind),
    ...(match.endpointId === undefined ? [] : [`n.endpoint_id = ${bind(match.endpointId)}`]),
  ];
  const conditions = [
    `u.status = ${bind(match.status)}`,
    ...(match.ids ? [`u.notification_id = ANY (${bind(match.ids)}::uuid[])`] : []),
    ...conditionsOn(match, bind),
    ...(match.diedAfter ? [`u.since >= ${bind(match.diedAfter)}`] : []),
    ...(match.diedBefore ? [`u.since < ${bind(match.diedBefore)}`] : []),
    ...exact,
  ];
  const from = `undelivered u ${exact.length > 0 ? 'JOIN notifications n ON n.id = u.notification_id' : ''}`;
  return `SELECT u.notification_id AS id FROM ${from} WHERE ${conditions.join(' AND ')}`;
}

/** No index knows what was sent: the primary key bounds the scan, by ids or by the time in them. */
function amongSent(match: RedriveMatch, bind: Bind): string {
  const { ids, type, channel, provider, createdAfter, createdBefore } = match;
  const conditions = [
    `n.status = ${bind(match.status)}`,
    'n.erased_at IS NULL', // nothing is left to send
    ...(ids ? [`n.id = ANY (${bind(ids)}::uuid[])`] : []),
    ...(createdAfter ? [`n.id >= ${bind(lowestIdFrom(createdAfter))}::uuid`] : []),
    ...(createdBefore ? [`n.id < ${bind(lowestIdPast(createdBefore))}::uuid`] : []),
    ...(type === undefined ? [] : [`n.type = ${bind(type)}`]),
    ...(channel === undefined ? [] : [`n.channel = ${bind(channel)}`]),
    ...(provider === undefined ? [] : [`n.provider = ${bind(provider)}`]),
    ...exactTimes(match, bind),
  ];
  return `SELECT n.id FROM notifications n WHERE ${conditions.join(' AND ')}`;
}
