/**
 * What a job carries: hints, in columns, ids and numbers only. No recipient and no payload ever reaches a queue.
 * It may be lost, doubled or late: PostgreSQL decides what each hint is worth.
 */
export interface DeliveryJob {
  ids: string[];
  dispatches: number[];
  /** Of webhooks: the endpoint whose slot each needs. */
  endpoints?: string[];
}

export const DELIVERY_JOB = 'deliver';

export interface HintRow {
  id: string;
  dispatch: number;
  endpointId: string | null;
}

export function toJob(rows: readonly HintRow[]): DeliveryJob {
  const endpoints = rows.flatMap((row) => (row.endpointId === null ? [] : [row.endpointId]));
  return {
    ids: rows.map((row) => row.id),
    dispatches: rows.map((row) => row.dispatch),
    ...(endpoints.length === rows.length ? { endpoints } : {}),
  };
}

/** The hints of a job; what is not one (an older version's, a stranger's) is left out. */
export function fromJob(job: Partial<DeliveryJob>): { id: string; dispatch: number; endpointId?: string }[] {
  const { ids = [], dispatches = [], endpoints } = job;
  return ids.flatMap((id, i) => {
    const dispatch = dispatches[i];
    if (typeof id !== 'string' || typeof dispatch !== 'number') return [];
    const endpointId = endpoints?.[i];
    return [endpointId === undefined ? { id, dispatch } : { id, dispatch, endpointId }];
  });
}
