import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { type Behaviour, healthy, type Plan, refusingPoison } from './behaviour.js';
import type { Call, ProviderLedger } from './provider-ledger.js';

export interface HttpRequest {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
}

export interface HttpAnswer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

/** How one kind of provider is spoken to, and how it answers. */
export interface Dialect {
  provider: string;
  channel: Call['channel'];
  /** `key`: by which it could tell a repetition; `of`: as in the ledger; `to`: whom it is for. */
  read(request: HttpRequest): { key: string; of: string; to: string };
  taken(request: HttpRequest, number: number): HttpAnswer;
  failed(): HttpAnswer;
  rejected(): HttpAnswer;
  /** What it says when it is asked what it has, of all that it took; undefined: this sends something. */
  asked?(request: HttpRequest, taken: readonly HttpAnswer[]): HttpAnswer | undefined;
}

const HEADERS = { 'content-type': 'application/json' };

/** An HTTP provider that keeps books: a request read to its end is in the ledger before anything is answered, or not. */
export class HttpFake {
  /** How it behaves from now on; poison is refused in any case. */
  plan: Plan = healthy;
  /** Calls read and not answered yet. */
  open = 0;
  maxOpen = 0;
  /** The most calls that were open at once, for each whom they were for. */
  readonly maxOpenOf = new Map<string, number>();
  /** Sees every complete request before it is answered. */
  watch: (request: HttpRequest) => void = () => undefined;
  /** The answer of each that it took, whether or not anybody heard it. */
  private readonly had: HttpAnswer[] = [];
  private readonly openOf = new Map<string, number>();
  private readonly times = new Map<string, number>();

  private constructor(
    private readonly server: Server,
    private readonly dialect: Dialect,
    private readonly ledger: ProviderLedger,
  ) {}

  static async start(dialect: Dialect, ledger: ProviderLedger): Promise<HttpFake> {
    const server = createServer();
    const fake = new HttpFake(server, dialect, ledger);
    server.on('request', (request, response) => void fake.take(request, response));
    server.on('clientError', (_error, socket) => socket.destroy());
    server.keepAliveTimeout = 60_000;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  private async take(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(incoming);
    if (body === undefined) return; // cut before its end: no provider takes half a request
    const request = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: incoming.headers,
      body,
    };
    const reply = this.dialect.asked?.(request, this.had);
    if (reply) return deliver('take', reply, response);
    const { key, of, to } = this.dialect.read(request);
    const times = (this.times.get(of) ?? 0) + 1;
    this.times.set(of, times);
    const behaviour = refusingPoison(this.plan)({ of, to, times, body });
    const answer = this.answerTo(behaviour, request);
    if (truthOf(behaviour) === 'taken') this.had.push(answer);
    const { provider, channel } = this.dialect;
    this.ledger.write({ provider, channel, key, of, truth: truthOf(behaviour), said: wordOf(behaviour) });
    this.watch(request);
    this.countOpen(to, response);
    await deliver(behaviour, answer, response);
  }

  private countOpen(to: string, response: ServerResponse): void {
    const openOf = (this.openOf.get(to) ?? 0) + 1;
    this.openOf.set(to, openOf);
    this.maxOpenOf.set(to, Math.max(this.maxOpenOf.get(to) ?? 0, openOf));
    this.maxOpen = Math.max(this.maxOpen, ++this.open);
    response.on('close', () => {
      this.open--;
      this.openOf.set(to, this.openOf.get(to)! - 1);
    });
  }

  private answerTo(behaviour: Behaviour, request: HttpRequest): HttpAnswer {
    if (behaviour === 'fail') return this.dialect.failed();
    if (behaviour === 'reject') return this.dialect.rejected();
    if (typeof behaviour === 'object' && 'throttleS' in behaviour)
      return { status: 429, headers: { 'retry-after': String(behaviour.throttleS) } };
    return this.dialect.taken(request, this.ledger.calls.length + 1);
  }
}

const isRefusal = (behaviour: Behaviour): boolean =>
  behaviour === 'fail' ||
  behaviour === 'reject' ||
  (typeof behaviour === 'object' && 'throttleS' in behaviour);

export const truthOf = (behaviour: Behaviour): Call['truth'] => (isRefusal(behaviour) ? 'refused' : 'taken');

export const wordOf = (behaviour: Behaviour): string =>
  typeof behaviour === 'string' ? behaviour : Object.entries(behaviour)[0]!.join(' ');

async function deliver(behaviour: Behaviour, answer: HttpAnswer, response: ServerResponse): Promise<void> {
  if (behaviour === 'hang') return;
  if (behaviour === 'drop') return void response.socket?.destroy();
  if (behaviour === 'reset') return void response.socket?.resetAndDestroy();
  if (typeof behaviour === 'object' && 'slowMs' in behaviour)
    await new Promise((resolve) => setTimeout(resolve, behaviour.slowMs).unref());
  response.writeHead(answer.status, { ...HEADERS, ...answer.headers }).end(answer.body ?? '{}');
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    return request.complete ? Buffer.concat(chunks).toString() : undefined;
  } catch {
    return undefined;
  }
}
