import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

import { Agent } from 'undici';

/** One answer, or what came instead. */
export interface Try {
  at: number;
  ms: number;
  /** `error`: the connection failed or broke; `hang`: nothing came in ten seconds. */
  status: number | 'error' | 'hang';
  id?: string;
}

/** One notification that somebody wants sent, and all that its sender has seen of it. */
export interface Intent {
  request: NotificationRequest;
  tries: Try[];
  /** Answered 2xx at least once: from then on it may not be lost. */
  isAccepted: boolean;
  /** Every id it was ever answered with. */
  ids: Set<string>;
  /** What the sender expects of it; poison is to end as a dead letter. */
  expects: 'delivery' | 'dead';
}

export interface NotificationRequest {
  type: string;
  recipient: string;
  business_id: string;
  channel: 'email' | 'sms' | 'webhook';
  to?: string;
  on_in_doubt?: 'retry' | 'park';
  ordering_key?: string;
  [field: string]: unknown;
}

export interface PostOptions {
  expects?: Intent['expects'];
  /** How long the sender goes on repeating its key. */
  patienceMs?: number;
}

/** Longer than any answer may take: what is not there by then is a hang. */
const HANG_MS = 10_000;
const PATIENCE_MS = 90_000;
/** A caller obeys Retry-After up to here; the next try is at another process anyway. */
const PAUSE_MS = 500;

/**
 * A caller as the contract wants it: it repeats the same key until it has a 2xx, at one process after the other. Its ledger
 * is the measure of I1 (what got a 2xx), of I6 (how long every answer took), and of ids that differ for one key.
 */
export class Client {
  readonly intents: Intent[] = [];
  private readonly agent = new Agent({ connections: 64, headersTimeout: HANG_MS, bodyTimeout: HANG_MS });
  private readonly targets: string[] = [];
  private turn = 0;
  private readonly lag: IntervalHistogram = monitorEventLoopDelay({ resolution: 10 });

  constructor(private readonly apiKey: string) {
    this.lag.enable();
  }

  /** How late this very process was at worst, ms: what the measured answers owe to the machine. */
  get ownLagMs(): number {
    return this.lag.max / 1e6;
  }

  add(target: string): void {
    this.targets.push(target);
  }

  remove(target: string): void {
    const at = this.targets.indexOf(target);
    if (at >= 0) this.targets.splice(at, 1);
  }

  /** Sends one until it is taken, refused for good, or patience ends. */
  async post(request: NotificationRequest, options: PostOptions = {}): Promise<Intent> {
    const intent = this.intend(request, options);
    await this.insist([intent], options, (open) => this.single(open[0]!));
    return intent;
  }

  /** Sends these in one request, and repeats what was not taken. */
  async postBatch(requests: readonly NotificationRequest[], options: PostOptions = {}): Promise<Intent[]> {
    const intents = requests.map((request) => this.intend(request, options));
    await this.insist(intents, options, (open) => this.batch(open));
    return intents;
  }

  /** The same request once more, for its own sake; goes into the ledger. */
  async repeat(intent: Intent): Promise<Try> {
    await this.single(intent);
    return intent.tries.at(-1)!;
  }

  /** One call of another path. Throws when it is refused or fails. */
  async call(method: string, path: string, body?: unknown): Promise<any> {
    const { status, json } = await this.send(method, path, body);
    if (typeof status !== 'number' || status >= 300)
      throw new Error(`${method} ${path}: ${status} ${JSON.stringify(json)}`);
    return json;
  }

  async close(): Promise<void> {
    this.lag.disable();
    await this.agent.destroy();
  }

  private intend(request: NotificationRequest, { expects = 'delivery' }: PostOptions): Intent {
    const intent: Intent = { request, tries: [], isAccepted: false, ids: new Set(), expects };
    this.intents.push(intent);
    return intent;
  }

  private async insist(
    intents: readonly Intent[],
    { patienceMs = PATIENCE_MS }: PostOptions,
    send: (open: Intent[]) => Promise<void>,
  ): Promise<void> {
    const deadline = performance.now() + patienceMs;
    for (let pauseMs = 25; ; pauseMs = Math.min(PAUSE_MS, pauseMs * 2)) {
      await send(intents.filter(mayGoOn));
      if (!intents.some(mayGoOn) || performance.now() > deadline) return;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  private async single(intent: Intent): Promise<void> {
    const { at, ms, status, json } = await this.send('POST', '/v1/notifications', intent.request);
    note(intent, { at, ms, status }, json?.id);
  }

  private async batch(intents: Intent[]): Promise<void> {
    const body = { notifications: intents.map(({ request }) => request) };
    const { at, ms, status, json } = await this.send('POST', '/v1/notifications/batch', body);
    intents.forEach((intent, i) => {
      const result = json?.results?.[i];
      note(intent, { at, ms, status: result?.http_status ?? status }, result?.id);
    });
  }

  private async send(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ at: number; ms: number; status: Try['status']; json?: any }> {
    const target = this.targets[this.turn++ % Math.max(1, this.targets.length)];
    const at = performance.now();
    const since = (): { at: number; ms: number } => ({ at, ms: performance.now() - at });
    if (target === undefined) return { ...since(), status: 'error' };
    try {
      const answer = await this.agent.request({
        origin: target,
        path,
        method: method,
        headers: { authorization: `Bearer ${this.apiKey}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.body.text();
      return { ...since(), status: answer.statusCode, json: text === '' ? undefined : JSON.parse(text) };
    } catch (error) {
      const isHang = /TIMEOUT/.test((error as { code?: string }).code ?? '');
      return { ...since(), status: isHang ? 'hang' : 'error' };
    }
  }
}

/** 4xx is a last word; 429 and 5xx, and no answer at all, are not. */
const mayGoOn = ({ isAccepted, tries }: Intent): boolean => {
  const last = tries.at(-1)?.status;
  return !isAccepted && !(typeof last === 'number' && last >= 400 && last < 500 && last !== 429);
};

function note(intent: Intent, one: Try, id: unknown): void {
  const isTaken = typeof one.status === 'number' && one.status < 300;
  if (isTaken && typeof id === 'string') {
    intent.isAccepted = true;
    intent.ids.add(id);
  }
  intent.tries.push({ ...one, ...(typeof id === 'string' ? { id } : {}) });
}
