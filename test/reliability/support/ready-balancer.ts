import { connect, createServer, type Server, type Socket } from 'node:net';

/** As an orchestrator that probes often: far shorter than the `DRAIN_DELAY` of whoever stands behind it. */
const PROBE_EVERY_MS = 250;

/**
 * A load balancer of connections, as kube-proxy or a network load balancer is: a new connection goes to the next process
 * that said at its last probe that it is ready; a connection that is open stays where it is, whatever the probes say.
 * It repeats nothing: what fails behind it the caller sees.
 */
export class ReadyBalancer {
  /** New connections by where they went. */
  readonly connections = new Map<string, number>();
  /** Connections for which nobody was ready. */
  refused = 0;
  private readonly backends = new Map<string, { isReady: boolean }>();
  private readonly sockets = new Set<Socket>();
  private turn = 0;

  private constructor(
    private readonly server: Server,
    private readonly timer: { stop?: NodeJS.Timeout } = {},
  ) {}

  static async start(): Promise<ReadyBalancer> {
    const server = createServer();
    const balancer = new ReadyBalancer(server);
    server.on('connection', (socket) => balancer.take(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    balancer.timer.stop = setInterval(() => void balancer.probeAll(), PROBE_EVERY_MS);
    return balancer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as { port: number }).port}`;
  }

  /** Gets its first connections once a probe has found it ready. */
  async add(url: string): Promise<void> {
    this.backends.set(url, { isReady: false });
    await this.probe(url);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer.stop);
    this.sockets.forEach((socket) => socket.destroy());
    await new Promise<void>((resolve) => void this.server.close(() => resolve()));
  }

  private async probeAll(): Promise<void> {
    await Promise.all([...this.backends.keys()].map((url) => this.probe(url)));
  }

  private async probe(url: string): Promise<void> {
    const backend = this.backends.get(url)!;
    const answer = await fetch(`${url}/health/ready`, { headers: { connection: 'close' } }).catch(
      () => undefined,
    );
    await answer?.body?.cancel();
    backend.isReady = answer?.ok === true;
  }

  private take(caller: Socket): void {
    const ready = [...this.backends].filter(([, { isReady }]) => isReady).map(([url]) => url);
    const url = ready[this.turn++ % Math.max(1, ready.length)];
    if (url === undefined) {
      this.refused++;
      caller.destroy();
      return;
    }
    this.connections.set(url, (this.connections.get(url) ?? 0) + 1);
    const { hostname, port } = new URL(url);
    this.join(caller, connect({ host: hostname, port: Number(port) }));
  }

  /** A FIN is passed on as one; whatever ends badly ends so on both sides. */
  private join(caller: Socket, backend: Socket): void {
    for (const [one, other] of [
      [caller, backend],
      [backend, caller],
    ] as const) {
      this.sockets.add(one);
      one.setNoDelay(true);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.sockets.delete(one);
        other.destroySoon();
      });
    }
  }
}
