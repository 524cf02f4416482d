import { createServer, type Server, type Socket } from 'node:net';

/**
 * An SMTP server on the wire that follows a script: each turn waits for its moment and then answers otherwise than a
 * healthy server would. Raw sockets, so that it can fall silent or hang up between any two bytes.
 */
export type Moment = 'greeting' | 'ehlo' | 'auth' | 'mail' | 'rcpt' | 'data' | 'body';

export type Action =
  | { reply: string } // a complete reply, `\r\n` between its lines
  | { raw: string } // bytes as they are
  | { replyAndDrop: string }
  | { replyAndStopReading: string } // what follows stays in the buffers of the two machines
  | 'drop' // the connection is cut without a word
  | 'hang'; // silence, the connection stays

export interface Turn {
  at: Moment;
  do: Action;
}

export interface CaughtMail {
  from: string;
  to: string[];
  /** The mail as it came, without the final dot, dots unstuffed. */
  raw: string;
  connection: number;
  /** When it was complete, by this process's monotonic clock, milliseconds. */
  at: number;
  /** What the server said to the complete mail; undefined: nothing. */
  answer: string | undefined;
}

export interface ScriptedSmtp {
  /** smtp://127.0.0.1:port */
  url: string;
  port: number;
  /** Complete mails, also those that were refused or never answered. */
  readonly messages: readonly CaughtMail[];
  /** Every command line, in order, over all connections. */
  readonly commands: readonly string[];
  readonly connections: number;
  readonly openConnections: number;
  /** Adds turns behind those still waiting. */
  script(...turns: Turn[]): void;
  /** Turns that no moment has taken yet. */
  readonly pending: number;
  /** Cuts every connection, as a restart does; the port stays open. */
  hangUp(): void;
  close(): Promise<void>;
}

export interface ScriptedSmtpOptions {
  port?: number;
  /** AUTH PLAIN is offered and wanted. */
  credentials?: { user: string; pass: string };
  /** Further lines of the EHLO answer, as `SIZE 1000` or `PIPELINING`. */
  extensions?: string[];
}

export async function startScriptedSmtp(options: ScriptedSmtpOptions = {}): Promise<ScriptedSmtp> {
  const state: State = { options, turns: [], messages: [], commands: [], connections: 0, sockets: new Set() };
  const server = createServer((socket) => new Session(socket, state, ++state.connections));
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `smtp://127.0.0.1:${port}`,
    port,
    messages: state.messages,
    commands: state.commands,
    get connections() {
      return state.connections;
    },
    get openConnections() {
      return state.sockets.size;
    },
    get pending() {
      return state.turns.length;
    },
    script: (...turns) => void state.turns.push(...turns),
    hangUp: () => state.sockets.forEach((socket) => socket.destroy()),
    close: () => closeAll(server, state.sockets),
  };
}

function closeAll(server: Server, sockets: Set<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });
}

interface State {
  options: ScriptedSmtpOptions;
  turns: Turn[];
  messages: CaughtMail[];
  commands: string[];
  connections: number;
  sockets: Set<Socket>;
}

/** One connection. Bytes are kept as latin1, so that what is caught is what was sent. */
class Session {
  #input = '';
  #isInBody = false;
  #isSilent = false;
  #from = '';
  #to: string[] = [];

  constructor(
    private readonly socket: Socket,
    private readonly state: State,
    private readonly connection: number,
  ) {
    state.sockets.add(socket);
    socket.setEncoding('latin1');
    socket.on('close', () => state.sockets.delete(socket));
    socket.on('error', () => socket.destroy()); // the client may hang up at any time
    socket.on('data', (chunk: string) => this.#read(chunk));
    this.#act('greeting', '220 scripted.test ESMTP');
  }

  #read(chunk: string): void {
    if (this.#isSilent) return;
    this.#input += chunk;
    while (this.#isInBody ? this.#takeBody() : this.#takeLine());
  }

  #takeLine(): boolean {
    const end = this.#input.indexOf('\r\n');
    if (end < 0) return false;
    const line = this.#input.slice(0, end);
    this.#input = this.#input.slice(end + 2);
    this.state.commands.push(line);
    this.#command(line);
    return !this.#isSilent;
  }

  #takeBody(): boolean {
    const input = `\r\n${this.#input}`; // an empty body's dot stands at the very start
    const end = input.indexOf('\r\n.\r\n');
    if (end < 0) return false;
    this.#input = input.slice(end + 5);
    this.#isInBody = false;
    const raw = input.slice(2, end + 2).replace(/^\.\./gm, '.');
    const mail: CaughtMail = {
      from: this.#from,
      to: this.#to,
      raw,
      connection: this.connection,
      at: performance.now(),
      answer: undefined,
    };
    this.state.messages.push(mail);
    mail.answer = this.#act(
      'body',
      `250 2.0.0 Ok: queued as Q${this.state.messages.length.toString().padStart(5, '0')}`,
    );
    return !this.#isSilent;
  }

  #command(line: string): void {
    const verb = line.slice(0, 4).toUpperCase();
    switch (verb) {
      case 'EHLO':
        return void this.#act('ehlo', this.#ehlo());
      case 'AUTH':
        return void this.#act(
          'auth',
          this.#isLogin(line) ? '235 2.7.0 Welcome' : '535 5.7.8 Wrong credentials',
        );
      case 'MAIL':
        this.#from = pathOf(line);
        this.#to = [];
        return void this.#act('mail', '250 2.1.0 Ok');
      case 'RCPT':
        this.#to.push(pathOf(line));
        return void this.#act('rcpt', '250 2.1.5 Ok');
      case 'DATA': {
        const answer = this.#act('data', '354 Go on');
        this.#isInBody = answer?.startsWith('354') === true;
        return;
      }
      case 'STAR':
        return this.#write('502 5.5.1 No encryption here');
      case 'QUIT':
        this.socket.end('221 2.0.0 Bye\r\n');
        return;
      default:
        return this.#write('250 2.0.0 Ok');
    }
  }

  #ehlo(): string {
    const { credentials, extensions = [] } = this.state.options;
    const lines = ['scripted.test', '8BITMIME', ...extensions, ...(credentials ? ['AUTH PLAIN'] : [])];
    return lines.map((line, i) => `250${i === lines.length - 1 ? ' ' : '-'}${line}`).join('\r\n');
  }

  #isLogin(line: string): boolean {
    const { user, pass } = this.state.options.credentials ?? { user: '', pass: '' };
    return line === `AUTH PLAIN ${Buffer.from(`\0${user}\0${pass}`).toString('base64')}`;
  }

  /** Does what the script says for this moment, else what a healthy server says. The reply, if there was one. */
  #act(at: Moment, healthy: string): string | undefined {
    const action = this.state.turns[0]?.at === at ? this.state.turns.shift()!.do : { reply: healthy };
    if (action === 'hang') {
      this.#isSilent = true;
      return undefined;
    }
    if (action === 'drop') {
      this.#isSilent = true;
      this.socket.destroy();
      return undefined;
    }
    return this.#say(action);
  }

  #say(action: Exclude<Action, string>): string {
    if ('replyAndDrop' in action) {
      this.#isSilent = true;
      this.socket.end(`${action.replyAndDrop}\r\n`);
      return action.replyAndDrop;
    }
    if ('replyAndStopReading' in action) {
      this.#write(action.replyAndStopReading);
      this.socket.pause();
      return action.replyAndStopReading;
    }
    if ('raw' in action) {
      this.socket.write(action.raw);
      return action.raw;
    }
    this.#write(action.reply);
    return action.reply;
  }

  #write(reply: string): void {
    this.socket.write(`${reply}\r\n`);
  }
}

const pathOf = (line: string): string => /<(.*?)>(?:\s|$)/.exec(line)?.[1] ?? '';
