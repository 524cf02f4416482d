import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * An HTTP server on the wire that follows a script: each request takes the next turn, and the healthy answer when there is
 * none left.
 */
export type Turn =
  | { status: number; headers?: Record<string, string>; body?: string }
  | { raw: string } // bytes instead of an HTTP answer; the connection is closed behind them
  | { trickle: string; everyMs: number } // a healthy head, then the body one character at a time
  | 'drop' // the request is read to its end, then the connection is cut
  | 'hang'; // the request is read to its end and never answered

export interface CaughtRequest {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
  connection: number;
}

export interface ScriptedHttp {
  /** http://127.0.0.1:port */
  url: string;
  port: number;
  /** Complete requests, also those that were never answered. */
  readonly messages: readonly CaughtRequest[];
  readonly connections: number;
  readonly openConnections: number;
  script(...turns: Turn[]): void;
  readonly pending: number;
  /** Cuts every connection, as a restart does; the port stays open. */
  hangUp(): void;
  close(): Promise<void>;
}

export interface ScriptedHttpOptions {
  port?: number;
  healthy?: (request: CaughtRequest, count: number) => Turn;
}

export async function startScriptedHttp(options: ScriptedHttpOptions = {}): Promise<ScriptedHttp> {
  const healthy = options.healthy ?? (() => ({ status: 204 }));
  const turns: Turn[] = [];
  const messages: CaughtRequest[] = [];
  const sockets = new Map<Socket, number>();
  let connections = 0;
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      if (body === undefined) return;
      const { method = '', url: path = '', headers } = request;
      const caught = { method, path, headers, body, connection: sockets.get(request.socket) ?? 0 };
      messages.push(caught);
      answer(turns.shift() ?? healthy(caught, messages.length), response);
    });
  });
  server.on('connection', (socket) => {
    sockets.set(socket, ++connections);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    messages,
    get connections() {
      return connections;
    },
    get openConnections() {
      return sockets.size;
    },
    get pending() {
      return turns.length;
    },
    script: (...more) => void turns.push(...more),
    hangUp: () => [...sockets.keys()].forEach((socket) => socket.destroy()),
    close: () => closeAll(server, sockets),
  };
}

/** Undefined when the client went away before its request was complete. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString('utf8');
  } catch {
    return undefined;
  }
}

function answer(turn: Turn, response: ServerResponse): void {
  const socket = response.socket;
  if (turn === 'hang' || !socket) return;
  if (turn === 'drop') return void socket.destroy();
  if ('raw' in turn) return void socket.end(turn.raw);
  if ('trickle' in turn) return trickle(turn, response);
  response.writeHead(turn.status, turn.headers ?? {}).end(turn.body ?? '');
}

function trickle(turn: { trickle: string; everyMs: number }, response: ServerResponse): void {
  const rest = [...turn.trickle];
  response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
  const timer = setInterval(() => {
    const next = rest.shift();
    if (next === undefined) response.end();
    else response.write(next);
  }, turn.everyMs);
  response.on('close', () => clearInterval(timer));
}

function closeAll(server: Server, sockets: Map<Socket, number>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets.keys()) socket.destroy();
  });
}
