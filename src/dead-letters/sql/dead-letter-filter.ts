import { lowestIdFrom, lowestIdPast } from '../../notifications/id-range.js';

/** Which dead letters. Times are those of acceptance. */
export interface DeadLetterFilter {
  type?: string | undefined;
  channel?: string | undefined;
  provider?: string | undefined;
  errorClass?: string | undefined;
  createdAfter?: Date | undefined;
  createdBefore?: Date | undefined;
}

export type Bind = (value: unknown) => string;

/** Conditions on `undelivered` under the alias `u`; ids stand for times, within the clocks' margin. */
export function conditionsOn(filter: DeadLetterFilter, bind: Bind): string[] {
  const { type, channel, provider, errorClass, createdAfter, createdBefore } = filter;
  return [
    ...(type === undefined ? [] : [`u.type = ${bind(type)}`]),
    ...(channel === undefined ? [] : [`u.channel = ${bind(channel)}`]),
    ...(provider === undefined ? [] : [`u.provider = ${bind(provider)}`]),
    ...(errorClass === undefined ? [] : [`u.class = ${bind(errorClass)}`]),
    ...(createdAfter ? [`u.notification_id >= ${bind(lowestIdFrom(createdAfter))}::uuid`] : []),
    ...(createdBefore ? [`u.notification_id < ${bind(lowestIdPast(createdBefore))}::uuid`] : []),
  ];
}

/** The same times, exactly, on `notifications` under the alias `n`. */
export function exactTimes({ createdAfter, createdBefore }: DeadLetterFilter, bind: Bind): string[] {
  return [
    ...(createdAfter ? [`n.created_at >= ${bind(createdAfter)}`] : []),
    ...(createdBefore ? [`n.created_at < ${bind(createdBefore)}`] : []),
  ];
}
