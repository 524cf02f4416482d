import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';

import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';

import type { ArrivalSink } from './arrival.js';
import { readMail } from './email-parts.js';
import type { Fault, FaultSource } from './fault.js';

/** What one mail may weigh, announced as SIZE (RFC 1870): far above any template's output, small enough to keep thousands. */
const MAX_MAIL_BYTES = 1024 * 1024;

/** What a refusal looks like on the wire. The enhanced codes (RFC 3463) are part of the text, so they are what we say they are. */
const REFUSALS: Partial<Record<Fault, { code: number; text: string }>> = {
  reject: { code: 550, text: '5.1.1 Mailbox unavailable: the sandbox was told to reject' },
  defer: { code: 451, text: '4.7.1 Greylisted, please try again later: the sandbox was told to defer' },
  throttle: { code: 421, text: '4.7.0 Too many connections, closing: the sandbox was told to throttle' },
};

const NOT_KEPT = { code: 451, text: '4.3.0 The sandbox could not keep this mail' };

const TOO_BIG = { code: 552, text: `5.3.4 The sandbox keeps mails of at most ${MAX_MAIL_BYTES} bytes` };

/**
 * A real SMTP server on the loopback that takes mail for anybody and keeps it. It says 250 only when the mail is durable, and
 * acts out faults where a real server would: refusals at RCPT, doubts after the final dot.
 */
export class EmailCatcher {
  private readonly sockets = new Map<number, Socket>();
  private readonly ordered = new WeakMap<object, Promise<Fault | undefined>>();
  private server: SMTPServer | undefined;

  constructor(
    private readonly arrivals: ArrivalSink,
    private readonly faults: FaultSource,
  ) {}

  /** Listens on an ephemeral port of 127.0.0.1 and tells which. */
  async start(): Promise<number> {
    this.server = new SMTPServer({
      name: 'sandbox.posthaste.example',
      size: MAX_MAIL_BYTES,
      disabledCommands: ['AUTH', 'STARTTLS'],
      disableReverseLookup: true,
      hideENHANCEDSTATUSCODES: true,
      logger: false,
      onRcptTo: (_address, session, done) => {
        this.refusalFor(session).then(done, () => done(refusal(NOT_KEPT)));
      },
      onData: (stream, session, done) => {
        this.receive(stream, session).then(
          (answer) => answer && done(answer.error, answer.text),
          () => done(refusal(NOT_KEPT)),
        );
      },
    });
    // A sender that leaves in the middle is its own business; without a listener it would end the process.
    this.server.on('error', () => undefined);
    this.server.server.on('connection', (socket: Socket) => {
      const port = socket.remotePort ?? 0;
      this.sockets.set(port, socket);
      socket.once('close', () => this.sockets.delete(port));
    });
    this.server.listen(0, '127.0.0.1');
    await once(this.server.server, 'listening');
    return (this.server.server.address() as AddressInfo).port;
  }

  /** Cuts every connection at once. */
  async stop(): Promise<void> {
    const server = this.server;
    if (!server) return;
    this.server = undefined;
    await new Promise<void>((resolve) => {
      server.close(resolve);
      for (const socket of this.sockets.values()) socket.destroy();
    });
  }

  private async refusalFor(session: SMTPServerSession): Promise<Error | undefined> {
    const fault = await this.faultOf(session);
    const answer = fault && REFUSALS[fault];
    return answer && refusal(answer);
  }

  /** One fault per mail, however many recipients it names: the envelope lives exactly as long as the mail. */
  private faultOf(session: SMTPServerSession): Promise<Fault | undefined> {
    const known = this.ordered.get(session.envelope);
    if (known) return known;
    const taken = this.faults.take('email');
    this.ordered.set(session.envelope, taken);
    return taken;
  }

  /** Undefined: no answer will ever come. */
  private async receive(
    stream: SMTPServerDataStream,
    session: SMTPServerSession,
  ): Promise<{ error?: Error; text?: string } | undefined> {
    const { envelope } = session;
    const fault = await this.faultOf(session);
    const raw = await readAll(stream);
    if (stream.sizeExceeded) return { error: refusal(TOO_BIG) };
    if (fault === 'hang') return undefined;

    const queueId = randomBytes(8).toString('hex');
    const mail = await readMail(raw, queueId);
    const kept = envelope.rcptTo.map(({ address }) =>
      this.arrivals.append({ ...mail, to: address, fault: fault ?? null }),
    );
    await Promise.all(kept);
    if (fault === 'drop_after_body') {
      this.sockets.get(session.remotePort)?.destroy();
      return undefined;
    }
    return { text: `2.0.0 Ok: queued as ${queueId}` };
  }
}

const refusal = (answer: { code: number; text: string }): Error =>
  Object.assign(new Error(answer.text), { responseCode: answer.code });

/** The stream is drained even past the limit: smtp-server answers only after the final dot. */
async function readAll(stream: SMTPServerDataStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) if (!stream.sizeExceeded) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
