import { createServer, type Server, type Socket } from 'node:net';

import { type Behaviour, healthy, type Plan, refusingPoison } from './behaviour.js';
import { truthOf, wordOf } from './http-fake.js';
import type { ProviderLedger } from './provider-ledger.js';

/** An SMTP server that keeps books: a mail read to its final dot is in the ledger before anything is answered, or not. */
export class SmtpFake {
  plan: Plan = healthy;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async start(provider: string, ledger: ProviderLedger): Promise<SmtpFake> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const fake = new SmtpFake(server, (server.address() as { port: number }).port);
    const times = new Map<string, number>();
    server.on('connection', (socket) => {
      fake.sockets.add(socket);
      socket.on('close', () => fake.sockets.delete(socket));
      new Session(socket, (mail, to) => {
        const key = /^message-id:\s*<([^>]+)>/im.exec(mail)?.[1] ?? 'none';
        const of = /^\w*/.exec(key)![0]; // what follows the id tells contents apart
        times.set(of, (times.get(of) ?? 0) + 1);
        const behaviour = refusingPoison(fake.plan)({ of, to, times: times.get(of)!, body: '' });
        const [truth, said] = [truthOf(behaviour), wordOf(behaviour)];
        ledger.write({ provider, channel: 'email', key, of, truth, said });
        return behaviour;
      });
    });
    return fake;
  }

  get url(): string {
    return `smtp://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.sockets.forEach((socket) => socket.destroy());
    await closed;
  }
}

const BODY_END = '\r\n.\r\n';

/** One connection: a healthy server up to the final dot. */
class Session {
  private input = '';
  private isInBody = false;
  private to = '';

  constructor(
    private readonly socket: Socket,
    private readonly take: (mail: string, to: string) => Behaviour,
  ) {
    socket.setEncoding('latin1');
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: string) => this.read(chunk));
    this.say('220 fake.test ESMTP');
  }

  private read(chunk: string): void {
    this.input += chunk;
    for (;;) {
      const mark = this.isInBody ? BODY_END : '\r\n';
      const end = this.input.indexOf(mark);
      if (end < 0) return;
      const part = this.input.slice(0, end);
      this.input = this.input.slice(end + mark.length);
      if (this.isInBody) this.endOfBody(part);
      else this.command(part);
    }
  }

  private command(line: string): void {
    const verb = line.slice(0, 4).toUpperCase();
    if (verb === 'EHLO') return this.say('250-fake.test\r\n250 8BITMIME');
    if (verb === 'RCPT') this.to = /<(.*?)>/.exec(line)?.[1] ?? '';
    if (verb === 'QUIT') return void this.socket.end('221 2.0.0 Bye\r\n');
    if (verb === 'DATA') {
      this.isInBody = true;
      return this.say('354 Go on');
    }
    this.say('250 2.0.0 Ok');
  }

  private endOfBody(mail: string): void {
    this.isInBody = false;
    const behaviour = this.take(mail, this.to);
    if (behaviour === 'hang') return;
    if (behaviour === 'drop') return void this.socket.destroy();
    if (behaviour === 'reset') return void this.socket.resetAndDestroy();
    if (behaviour === 'fail') return this.say('451 4.3.0 Not now');
    if (behaviour === 'reject') return this.say('554 Not this one');
    if (behaviour === 'take') return this.say('250 2.0.0 Ok: queued as F1');
    if ('slowMs' in behaviour)
      return void setTimeout(() => this.say('250 2.0.0 Ok: queued as F1'), behaviour.slowMs).unref();
    this.socket.end('421 4.7.0 Too many\r\n');
  }

  private say(reply: string): void {
    if (!this.socket.destroyed) this.socket.write(`${reply}\r\n`);
  }
}
