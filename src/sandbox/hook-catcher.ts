import { type Arrival, type ArrivalSink, notificationIdIn } from './arrival.js';
import { type Fault, type FaultSource, THROTTLE_RETRY_AFTER_SECONDS } from './fault.js';
import { verdictOf } from './signature.js';

/** What may stand for `{name}` in `/sandbox/hooks/{name}`. */
export const HOOK_NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$';

/** A webhook as it reached the API. */
export interface HookCall {
  name: string;
  /** As the endpoint was registered: scheme, host, path. */
  url: string;
  /** Lower-case names, in the order of arrival. */
  headers: [name: string, value: string][];
  body: string;
}

/** `hang`: leave the connection open and say nothing. `drop`: cut it. */
export type HookAnswer =
  | { kind: 'answer'; status: number; headers: Record<string, string>; body: Record<string, unknown> }
  | { kind: 'hang' }
  | { kind: 'drop' };

/** The secrets that sign for an endpoint's URL, of every endpoint that has it, in no order. */
export type SecretsOf = (webhookEndpointUrl: string) => Promise<readonly string[]>;

/** A subscriber that says yes to everything, checks the signature as a subscriber should, and fails when it is asked to. */
export class HookCatcher {
  constructor(
    private readonly arrivals: ArrivalSink,
    private readonly faults: FaultSource,
    private readonly secretsOf: SecretsOf,
    private readonly now: () => Date = () => new Date(),
  ) {}

  async catch(call: HookCall): Promise<HookAnswer> {
    const fault = await this.faults.take('webhook');
    const answer = answerTo(fault);
    if (isKept(fault)) {
      await this.arrivals.append(arrivalOf(call, await this.secretsOf(call.url), this.now(), fault));
    }
    return answer;
  }
}

/** Refused calls were not taken; a dropped one was, though its sender will never know. */
const isKept = (fault: Fault | undefined): boolean => fault === undefined || fault === 'drop_after_body';

export function answerTo(fault: Fault | undefined): HookAnswer {
  switch (fault) {
    case undefined:
      return answered(200, { received: true });
    case 'reject':
      // 400, not 410: that would disable the endpoint, which is more than one delivery's fate.
      return answered(400, { error: 'The sandbox was told to reject.' });
    case 'defer':
      return answered(503, { error: 'The sandbox was told to defer.' });
    case 'throttle':
      return answered(
        429,
        { error: 'The sandbox was told to throttle.' },
        { 'retry-after': String(THROTTLE_RETRY_AFTER_SECONDS) },
      );
    case 'hang':
      return { kind: 'hang' };
    case 'drop_after_body':
      return { kind: 'drop' };
  }
}

const answered = (
  status: number,
  body: Record<string, unknown>,
  headers: Record<string, string> = {},
): HookAnswer => ({ kind: 'answer', status, headers, body });

function arrivalOf(call: HookCall, secrets: readonly string[], now: Date, fault: Fault | undefined): Arrival {
  const header = (name: string): string | undefined => call.headers.find(([key]) => key === name)?.[1];
  const hook = {
    id: header('webhook-id'),
    timestamp: header('webhook-timestamp'),
    signature: header('webhook-signature'),
    body: call.body,
  };
  return {
    channel: 'webhook',
    to: call.name,
    subject: typeIn(call.body),
    raw: call.body,
    parsed: { url: call.url, signature: verdictOf(hook, secrets, now), timestamp: hook.timestamp ?? null },
    headers: call.headers,
    notificationId: notificationIdIn(hook.id),
    fault: fault ?? null,
  };
}

/** The event's `type`, as a list's headline. Only read here: the body itself is kept as it came. */
function typeIn(body: string): string | null {
  try {
    const type = (JSON.parse(body) as { type?: unknown } | null)?.type;
    return typeof type === 'string' ? type.slice(0, 200) : null;
  } catch {
    return null;
  }
}
