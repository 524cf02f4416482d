import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One webhook as it arrived. */
export interface Arrival {
  path: string;
  id: string;
  headers: IncomingMessage['headers'];
  body: string;
  at: number;
}

/** What the sink does with a call: an answer's status, or `drop` and `hang` after the body was read. */
export type Answer =
  number | 'drop' | 'hang' | { status: number; headers?: Record<string, string>; body?: string };

/**
 * A subscriber that counts. It keeps every call in the order of arrival, delays and lies as it is told, and knows how many
 * calls it holds open.
 */
export class HookSink {
  readonly arrivals: Arrival[] = [];
  /** Calls whose body was read and which are not answered yet. */
  open = 0;
  maxOpen = 0;
  delayMs = 0;
  answer: (arrival: Arrival, times: number) => Answer = () => 204;
  private readonly counts = new Map<string, number>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<HookSink> {
    const server = createServer();
    const sink = new HookSink(server);
    server.on('request', (request, response) => void sink.take(request, response));
    server.keepAliveTimeout = 60_000;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return sink;
  }

  url(path = '/hook'): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${path}`;
  }

  /** How often each webhook-id arrived. */
  get times(): ReadonlyMap<string, number> {
    return this.counts;
  }

  /** Ids that arrived more than once. */
  get doubled(): string[] {
    return [...this.counts].filter(([, times]) => times > 1).map(([id]) => id);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const id = String(request.headers['webhook-id']);
    const arrival = {
      path: request.url ?? '',
      id,
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
      at: Date.now(),
    };
    this.arrivals.push(arrival);
    this.counts.set(id, (this.counts.get(id) ?? 0) + 1);
    this.maxOpen = Math.max(this.maxOpen, ++this.open);
    response.on('close', () => this.open--);
    if (this.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs).unref());
    this.reply(response, this.answer(arrival, this.counts.get(id)!));
  }

  private reply(response: ServerResponse, answer: Answer): void {
    if (answer === 'hang') return;
    if (answer === 'drop') response.socket?.destroy();
    else if (typeof answer === 'number') response.writeHead(answer).end();
    else response.writeHead(answer.status, answer.headers).end(answer.body ?? '');
  }
}
