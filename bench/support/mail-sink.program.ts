import { type AddressInfo, createServer, type Socket } from 'node:net';

import { answerParent } from './child-port.js';

/**
 * A mail server that takes everything and remembers each Message-ID. Bytes in, replies out, nothing parsed besides: a real
 * one would take from the machine what the sender is to be measured with.
 */
const seen = new Set<string>();
let arrivals = 0;

const MAIL_END = '\r\n.\r\n';
const REPLIES: readonly [command: RegExp, reply: string][] = [
  [/^(EHLO|HELO)/i, '250 sink\r\n'],
  [/^DATA/i, '354 go on\r\n'],
  [/^QUIT/i, '221 bye\r\n'],
];

class Session {
  private buffer = '';
  private isInMail = false;

  constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => this.read(chunk));
    socket.on('error', () => socket.destroy());
    socket.write('220 sink ESMTP\r\n');
  }

  private read(chunk: string): void {
    this.buffer += chunk;
    while (this.isInMail ? this.endMail() : this.obey());
  }

  /** One command, if it is complete. */
  private obey(): boolean {
    const end = this.buffer.indexOf('\r\n');
    if (end < 0) return false;
    const command = this.buffer.slice(0, end);
    this.buffer = this.buffer.slice(end + 2);
    this.isInMail = /^DATA/i.test(command);
    this.socket.write(REPLIES.find(([known]) => known.test(command))?.[1] ?? '250 ok\r\n');
    return true;
  }

  private endMail(): boolean {
    const end = this.buffer.indexOf(MAIL_END);
    if (end < 0) return false;
    const id = /^Message-ID: *(<[^>]+>)/im.exec(this.buffer)?.[1];
    this.buffer = this.buffer.slice(end + MAIL_END.length);
    this.isInMail = false;
    arrivals++;
    seen.add(id ?? `without an id ${arrivals}`);
    this.socket.write('250 2.0.0 Ok: queued\r\n');
    return true;
  }
}

const server = createServer((socket) => void new Session(socket));

answerParent({
  listen: () =>
    new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    }),
  forget: () => {
    seen.clear();
    arrivals = 0;
  },
  count: () => ({ arrivals, unique: seen.size }),
});
