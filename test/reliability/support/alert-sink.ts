import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One call of the alerts' webhook target. */
export interface Told {
  /** The same on every try of one piece of news. */
  id: string;
  key: string;
  event: 'raised' | 'repeated' | 'resolved';
}

/** Whoever is called when something is wrong: hears everything, takes everything. */
export class AlertSink {
  readonly told: Told[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<AlertSink> {
    const server = createServer();
    const sink = new AlertSink(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('error', () => undefined);
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { type, data } = JSON.parse(Buffer.concat(chunks).toString());
        const event = String(type).replace('posthaste.alert.', '') as Told['event'];
        sink.told.push({ id: String(request.headers['webhook-id']), key: data.key, event });
        response.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return sink;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/alerts`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }
}
