import type { GateHolder, Hold } from '../domain/gate.js';
import type { Status } from '../domain/status.js';
import { toPublicId } from '../domain/public-id.js';
import { QUIET_HOURS } from '../domain/decide-next.js';
import { explainCall, SILENT_MS } from './explain-call.js';
import { explainDoubt, explainRepetition } from './explain-doubt.js';
import { explainEnd } from './explain-end.js';
import type { Shortage, StoredAttempt, Story, Waiting } from './story.js';

export interface NextStep {
  action: 'send' | 'retry' | 'wait' | 'review' | 'none';
  at?: string;
  reason: string;
  waiting_for?:
    | 'breaker'
    | 'rate_limit'
    | 'pause'
    | 'endpoint'
    | 'retry_timer'
    | 'budget'
    | 'order'
    | 'schedule'
    | 'queue'
    | 'outbox'
    | 'provider'
    | 'receipt'
    | 'operator';
  can: ('retry' | 'cancel' | 'resolve')[];
}

/** Carriers that report at all have done so by then; nobody waits for the others. */
const RECEIPT_PATIENCE_MS = 3 * 86_400_000;

/**
 * What happens next, and what it waits for: from the outbox row, the head of its ordering key, its gate (`hold`, when that is
 * closed), what its provider may be given (`shortage`, when that is used up), and the relay alone. `reports`: its provider
 * says later what became of a message. `isUnserved`: the configuration has no provider that it may go to.
 */
export function explain(
  {
    notification,
    waiting,
    calling,
    undelivered,
    attempts,
  }: Pick<Story, 'notification' | 'waiting' | 'calling' | 'undelivered' | 'attempts'>,
  hold?: Hold,
  reports = false,
  shortage?: Shortage,
  isUnserved = false,
): NextStep {
  switch (notification.status) {
    case 'accepted':
    case 'scheduled':
    case 'retrying':
      return waiting
        ? explainWaiting(waiting, notification, attempts, hold, shortage, isUnserved)
        : { action: 'wait', reason: 'A worker is taking it this moment.', waiting_for: 'provider', can: [] };
    case 'sending':
      return { action: 'wait', reason: explainCall(calling), waiting_for: 'provider', can: [] };
    case 'in_doubt':
      return explainDoubt(undelivered, attempts);
    case 'dead':
      return {
        action: 'none',
        reason: explainEnd(notification, undelivered),
        waiting_for: 'operator',
        can: canGoAgain(notification) ? ['retry'] : [],
      };
    case 'sent':
      return reports && Date.now() - notification.updatedAt.getTime() < RECEIPT_PATIENCE_MS
        ? {
            action: 'wait',
            reason: 'The provider took it, and will report what became of it.',
            waiting_for: 'receipt',
            can: [],
          }
        : { action: 'none', reason: explainEnd(notification, undelivered), can: [] };
    case 'delivered':
    case 'suppressed':
    case 'bounced':
    case 'expired':
    case 'cancelled':
    case 'discarded':
      return { action: 'none', reason: explainEnd(notification, undelivered), can: [] };
  }
}

/** Nothing is sent past its expiry, or without its content. */
const canGoAgain = ({ expiresAt, erasedAt }: Story['notification']): boolean =>
  erasedAt === null && (expiresAt === null || expiresAt.getTime() > Date.now());

function explainWaiting(
  waiting: Waiting,
  { status, expiresAt }: Story['notification'],
  attempts: readonly StoredAttempt[],
  hold: Hold | undefined,
  shortage: Shortage | undefined,
  isUnserved: boolean,
): NextStep {
  const action = status === 'retrying' ? 'retry' : 'send';
  const last = attempts.at(-1);
  const isDoubtful = attempts.some(({ outcome }) => outcome === 'in_doubt');
  const can: NextStep['can'] = isDoubtful ? ['retry'] : ['retry', 'cancel'];
  if (waiting.publishedAt) {
    const taker = isSilent(waiting.workerSilentMs) ? NO_WORKER : 'the next free worker takes it.';
    return {
      action,
      reason: `A hint is in the queue ${waiting.queue}; ${taker}`,
      waiting_for: 'queue',
      can,
    };
  }
  if (!waiting.isDue && waiting.reason === QUIET_HOURS)
    return {
      action,
      ...explainQuiet(waiting.availableAt, expiresAt),
      waiting_for: 'schedule',
      can: isDoubtful ? [] : ['cancel'],
    };
  if (!waiting.isDue && status === 'accepted' && hold) return { action, ...explainHold(hold), can };
  if (!waiting.isDue) {
    const at = waiting.availableAt;
    return {
      action,
      at: at.toISOString(),
      reason: `${explainTime(waiting, status, last)}${explainLongerHold(hold, at)}`,
      waiting_for: status === 'scheduled' ? 'schedule' : 'retry_timer',
      can,
    };
  }
  if (waiting.behind !== null) {
    const head = toPublicId('notification', waiting.behind);
    return {
      action,
      reason: `${head} has the same ordering key and is not settled yet.`,
      waiting_for: 'order',
      can,
    };
  }
  if (isUnserved)
    return { action, reason: explainUnserved(waiting.pinnedProvider), waiting_for: 'provider', can };
  if (hold) return { action, ...explainHold(hold), can };
  if (shortage) {
    const { at, reason, waitingFor } = shortage;
    return { action, ...(at ? { at: at.toISOString() } : {}), reason, waiting_for: waitingFor, can };
  }
  return { action, reason: explainDue(waiting), waiting_for: 'outbox', can };
}

const NO_WORKER = 'no worker has shown a sign of life: start a process with the role worker.';
const isSilent = (ms: number | null): boolean => ms === null || ms > SILENT_MS;

function explainDue({ relaySilentMs, workerSilentMs }: Waiting): string {
  if (isSilent(relaySilentMs))
    return 'It is due, and no relay has shown a sign of life: start a process with the role relay.';
  const moves = 'It is due; a relay moves it as soon as its queue has room';
  return isSilent(workerSilentMs) ? `${moves}, but ${NO_WORKER}` : `${moves}.`;
}

/** Why it waits for its time. */
function explainTime(
  { reason, pinnedProvider }: Waiting,
  status: Status,
  last: StoredAttempt | undefined,
): string {
  if (status === 'scheduled') return 'It is scheduled for this time.';
  if (status === 'accepted')
    return 'A worker has handed it back, because its provider or endpoint was being tried; it goes at this time.';
  if (last?.outcome === 'in_doubt') return explainRepetition(last, pinnedProvider);
  const failure = last?.code ?? reason;
  return last === undefined
    ? `It is sent again at this time (${failure ?? 'driven again'}).`
    : `Attempt ${last.number} failed (${failure ?? 'unknown'}); it is tried again at this time.`;
}

/** A hold that outlasts that time keeps it longer. */
const explainLongerHold = (hold: Hold | undefined, at: Date): string =>
  hold && (hold.until === undefined || hold.until > at)
    ? ` It stays even then, as things are: ${explainHold(hold).reason}`
    : '';

const explainUnserved = (pinnedProvider: string | null): string =>
  pinnedProvider === null
    ? 'The configuration has no provider of its channel; it waits for one until its deadline.'
    : `It may go by ${pinnedProvider} only, which may have it already, and which the configuration no longer has; it waits until its deadline.`;

function explainQuiet(opensAt: Date, expiresAt: Date | null): Pick<NextStep, 'at' | 'reason'> {
  const until = `It is quiet hours where the recipient is, until ${opensAt.toISOString()}`;
  if (expiresAt === null || expiresAt > opensAt)
    return { at: opensAt.toISOString(), reason: `${until}; then it goes.` };
  return {
    at: expiresAt.toISOString(),
    reason: `${until}; it expires before, at ${expiresAt.toISOString()}.`,
  };
}

const HELD: Record<GateHolder, { waiting_for: NonNullable<NextStep['waiting_for']>; because: string }> = {
  breaker: { waiting_for: 'breaker', because: 'its breaker is open' },
  pause: { waiting_for: 'pause', because: 'an operator has paused it, until it is resumed' },
  retry_after: { waiting_for: 'rate_limit', because: 'it asked us to wait' },
  rate: { waiting_for: 'rate_limit', because: 'its rate is used up' },
  configuration: {
    waiting_for: 'provider',
    because: 'it refuses our configuration; an operator must look at it',
  },
  endpoint: { waiting_for: 'endpoint', because: 'its endpoint is down' },
  disabled: {
    waiting_for: 'endpoint',
    because: 'it is disabled; what waits goes out when it is enabled again',
  },
};

function explainHold({
  kind,
  key,
  heldBy,
  since,
  until,
  detail,
  apiKeyId,
}: Hold): Pick<NextStep, 'at' | 'reason' | 'waiting_for'> {
  const { waiting_for, because } = HELD[heldBy];
  const who = kind === 'endpoint' ? 'The endpoint' : `The ${kind} ${key}`;
  const said = [detail ?? [], apiKeyId ? `said with the API key ${apiKeyId}` : []].flat();
  const why = said.length === 0 ? '' : ` (${said.join(', ')})`;
  return {
    ...(until ? { at: until.toISOString() } : {}),
    reason: `${who} is held since ${since.toISOString()}: ${because}${why}.`,
    waiting_for,
  };
}
