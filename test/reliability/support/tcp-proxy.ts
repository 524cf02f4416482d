import { createServer, connect, type Server, type Socket } from 'node:net';

/** `up`: from who connects to the server; `down`: back. */
export type Direction = 'up' | 'down';

/** What a hop does with everything that passes it. May be switched at any time, also under open connections. */
export type Mode =
  | { kind: 'pass' }
  | { kind: 'latency'; ms: number }
  | { kind: 'bandwidth'; bytesPerSecond: number }
  /** After so many bytes from now on, both ends of every connection are reset; then everything passes again. */
  | { kind: 'reset'; afterBytes: number; direction: Direction }
  /** After so many bytes from now on nothing passes any more, either way; connections stay open. */
  | { kind: 'freeze'; afterBytes?: number; direction?: Direction }
  /** Connections are taken, bytes are read, nothing is passed on and nothing is answered. */
  | { kind: 'half-open' }
  /** Both ends get a FIN; new connections, too. */
  | { kind: 'fin' }
  /** Nothing listens here; open connections are reset. */
  | { kind: 'refuse' };

export interface HopCounts {
  connections: number;
  up: number;
  down: number;
}

const PASS: Mode = { kind: 'pass' };
/** An RST overtakes what the receiver has not read yet; what was to pass is given this long to arrive. */
const ARRIVAL_MS = 20;

/** A TCP hop that can be broken: between the service and its stores, its providers, or its callers. */
export class TcpProxy {
  readonly counts: HopCounts = { connections: 0, up: 0, down: 0 };
  private current: Mode = PASS;
  /** Bytes since the mode was set. */
  private since: Record<Direction, number> = { up: 0, down: 0 };
  private server: Server | undefined;
  private listening = 0;
  private readonly pairs = new Set<Pair>();
  private readonly ended = new Set<Socket>();
  private changed = new Signal();
  private fired = new Signal();

  private constructor(
    readonly name: string,
    private readonly upstream: { host: string; port: number },
  ) {}

  static async start(name: string, upstream: { host?: string; port: number }): Promise<TcpProxy> {
    const proxy = new TcpProxy(name, { host: upstream.host ?? '127.0.0.1', port: upstream.port });
    await proxy.listen();
    return proxy;
  }

  get port(): number {
    return this.listening;
  }

  get mode(): Mode {
    return this.current;
  }

  get open(): number {
    return this.pairs.size;
  }

  /** `url` with this hop's address in place of its own. */
  through(url: string): string {
    const changed = new URL(url);
    changed.hostname = '127.0.0.1';
    changed.port = String(this.listening);
    return url.endsWith('/') ? changed.href : changed.href.replace(/\/$/, '');
  }

  /** Resolves when the new mode is in force. */
  async set(mode: Mode): Promise<void> {
    const wasRefusing = this.current.kind === 'refuse';
    this.current = mode;
    this.since = { up: 0, down: 0 };
    this.changed.fire();
    this.changed = new Signal();
    this.fired = new Signal();
    if (mode.kind === 'refuse') await this.closeListener('reset');
    else if (wasRefusing) await this.listen();
    if (mode.kind === 'fin') this.pairs.forEach((pair) => pair.end());
  }

  pass(): Promise<void> {
    return this.set(PASS);
  }

  /** Resolves when the bytes of a `reset` or `freeze` have passed. */
  get triggered(): Promise<void> {
    return this.fired.promise;
  }

  /** RST to both ends of every connection, whatever the mode. */
  resetAll(): void {
    this.pairs.forEach((pair) => pair.reset());
  }

  async stop(): Promise<void> {
    this.current = { kind: 'refuse' };
    this.changed.fire();
    await this.closeListener('reset');
  }

  /** @internal How many bytes of a chunk pass before a limit of the mode; undefined: no limit. */
  passing(direction: Direction, length: number): number | undefined {
    const mode = this.current;
    if ((mode.kind !== 'reset' && mode.kind !== 'freeze') || mode.direction !== direction) return undefined;
    return Math.min(length, Math.max(0, (mode.afterBytes ?? 0) - this.since[direction]));
  }

  /** @internal */
  count(direction: Direction, length: number): void {
    this.counts[direction] += length;
    this.since[direction] += length;
  }

  /** @internal The limit is reached: the whole hop stands still, of a `reset` until it is done. */
  limitReached(): void {
    const isReset = this.current.kind === 'reset';
    const frozen: Mode = { kind: 'freeze' };
    this.current = frozen;
    this.fired.fire();
    if (!isReset) return;
    setTimeout(() => {
      this.resetAll();
      if (this.current === frozen) void this.pass();
    }, ARRIVAL_MS);
  }

  /** @internal */
  nextChange(): Promise<void> {
    return this.changed.promise;
  }

  private async listen(): Promise<void> {
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => this.take(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.listening, '127.0.0.1', resolve);
    });
    this.server = server;
    this.listening = (server.address() as { port: number }).port;
  }

  private take(socket: Socket): void {
    this.counts.connections++;
    if (this.current.kind === 'fin') return this.takeWithFin(socket);
    const server = connect({ ...this.upstream, allowHalfOpen: true });
    const pair = new Pair(this, socket, server);
    this.pairs.add(pair);
    void pair.closed.then(() => this.pairs.delete(pair));
  }

  /** Kept until the other side has ended, too: a listener is not closed before all of its sockets are. */
  private takeWithFin(socket: Socket): void {
    this.ended.add(socket);
    socket.on('error', () => undefined).on('close', () => this.ended.delete(socket));
    socket.resume().end();
  }

  private async closeListener(how: 'reset'): Promise<void> {
    const server = this.server;
    this.server = undefined;
    if (!server) return;
    const closed = new Promise((resolve) => server.close(resolve));
    if (how === 'reset') this.resetAll();
    this.ended.forEach((socket) => socket.destroy());
    await closed;
  }
}

/** One connection through the hop. */
class Pair {
  readonly closed: Promise<void>;

  constructor(
    proxy: TcpProxy,
    private readonly client: Socket,
    private readonly server: Socket,
  ) {
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', () => this.reset()); // what breaks at one end breaks at the other
    }
    new Flow(proxy, client, server, 'up').begin();
    new Flow(proxy, server, client, 'down').begin();
    client.resume();
    const gone = (socket: Socket): Promise<void> =>
      new Promise((resolve) => socket.once('close', () => resolve()));
    this.closed = Promise.all([gone(client), gone(server)]).then(() => undefined);
  }

  reset(): void {
    for (const socket of [this.client, this.server]) {
      if (socket.writableEnded)
        socket.destroy(); // libuv resets nothing that was shut down, and would keep it open
      else if (!socket.destroyed) socket.resetAndDestroy();
    }
  }

  end(): void {
    this.client.end();
    this.server.end();
  }
}

/** One direction of one connection: chunks in order, each treated by the mode that is in force when its turn comes. */
class Flow {
  private readonly queue: (Buffer | 'end')[] = [];
  private isBusy = false;

  constructor(
    private readonly proxy: TcpProxy,
    private readonly from: Socket,
    private readonly to: Socket,
    private readonly direction: Direction,
  ) {}

  begin(): void {
    this.from.on('data', (chunk: Buffer) => this.add(chunk));
    this.from.on('end', () => this.add('end'));
    this.to.on('drain', () => this.resume());
  }

  private add(item: Buffer | 'end'): void {
    this.queue.push(item);
    this.from.pause(); // what is not passed on is not read: the sender feels it, as on a real line
    if (!this.isBusy) void this.work();
  }

  private async work(): Promise<void> {
    this.isBusy = true;
    while (this.queue.length > 0 && !this.to.destroyed) {
      if (await this.mayPass()) this.forward(this.queue.shift()!);
    }
    this.queue.length = 0;
    this.isBusy = false;
    this.resume();
  }

  private resume(): void {
    if (this.queue.length === 0 && !this.to.writableNeedDrain) this.from.resume();
  }

  /** Waits as the mode says; false when the mode has changed meanwhile and the chunk is to be looked at again. */
  private async mayPass(): Promise<boolean> {
    const { mode } = this.proxy;
    const chunk = this.queue[0]!;
    switch (mode.kind) {
      case 'latency':
        return this.waits(mode.ms);
      case 'bandwidth':
        return this.slice(chunk, mode.bytesPerSecond);
      case 'freeze':
      case 'reset':
        return this.upToLimit(chunk);
      case 'half-open':
        if (chunk !== 'end') this.proxy.count(this.direction, chunk.length);
        this.queue.shift();
        return false;
      default:
        return true;
    }
  }

  private async upToLimit(chunk: Buffer | 'end'): Promise<boolean> {
    const { mode } = this.proxy;
    if (mode.kind === 'freeze' && mode.direction === undefined) {
      await this.proxy.nextChange();
      return false;
    }
    const length = chunk === 'end' ? 0 : chunk.length;
    const passing = this.proxy.passing(this.direction, length);
    if (passing === undefined || passing === length) return true;
    if (passing > 0) this.split(chunk as Buffer, passing);
    else this.proxy.limitReached();
    return passing > 0;
  }

  /** One second's worth at a time, at least a byte. */
  private async slice(chunk: Buffer | 'end', bytesPerSecond: number): Promise<boolean> {
    if (chunk === 'end') return true;
    const slice = Math.max(1, Math.floor(bytesPerSecond / 20));
    if (chunk.length > slice) this.split(chunk, slice);
    return this.waits((1_000 * Math.min(slice, chunk.length)) / bytesPerSecond);
  }

  private split(chunk: Buffer, at: number): void {
    this.queue.splice(0, 1, chunk.subarray(0, at), chunk.subarray(at));
  }

  private async waits(ms: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(true), ms);
    });
    const isOver = await Promise.race([late, this.proxy.nextChange().then(() => false)]);
    clearTimeout(timer);
    return isOver;
  }

  private forward(item: Buffer | 'end'): void {
    if (this.to.destroyed) return;
    if (item === 'end') {
      this.to.end();
      return;
    }
    this.proxy.count(this.direction, item.length);
    this.to.write(item);
  }
}

/** A promise that somebody else resolves. */
class Signal {
  fire!: () => void;
  readonly promise = new Promise<void>((resolve) => {
    this.fire = resolve;
  });
}
