import {
  createTransport,
  type SMTPPoolOptions,
  type SMTPPoolSentMessageInfo,
  type Transporter,
} from 'nodemailer';

import { MailStream } from './mail-stream.js';
import type { SendDeadline } from './send-deadline.js';
import type { SmtpSettings } from './smtp.options.js';
import { composeStraight, isStraight } from './straight-mail.js';

/** Setting up takes at most this long, each, or `timeout` when that is shorter. */
const CONNECT_TIMEOUT_MS = 10_000;
const GREETING_TIMEOUT_MS = 10_000;
const DNS_TIMEOUT_MS = 5_000;
/** A forced close must not wait for a peer that does not say goodbye. */
const CLOSE_TIMEOUT_MS = 1_000;
/** The per-send deadline is the real one; the socket's own only must not fire before it. */
const SOCKET_GRACE_MS = 5_000;
/**
 * Measured: reconnecting every 100 mails costs 5 to 10 % of the throughput. At 1,000 it is lost in the noise, and a
 * connection still moves on to freshly resolved addresses several times an hour under load.
 */
const MAILS_PER_CONNECTION = 1_000;

export type SmtpTransport = Transporter<SMTPPoolSentMessageInfo, SMTPPoolOptions>;

/**
 * A pool of SMTP connections. `deadlines` finds a send's deadline by its signal, to mark when its body has ended: a
 * `stream` plugin gives the very stream that is written to the socket, whose end comes when the last of it was taken.
 */
export function createSmtpTransport(
  settings: SmtpSettings,
  limits: { concurrency: number; timeoutMs: number },
  deadlines: WeakMap<AbortSignal, SendDeadline>,
): SmtpTransport {
  const { server } = settings;
  const options: SMTPPoolOptions & { pool: true } = {
    pool: true,
    host: server.host,
    port: server.port,
    secure: server.isSecure,
    requireTLS: server.requireTls,
    ...(server.credentials ? { auth: server.credentials } : {}),
    maxConnections: limits.concurrency,
    maxMessages: MAILS_PER_CONNECTION,
    maxRequeues: 0, // retries are decided in one place, and not here
    connectionTimeout: Math.min(CONNECT_TIMEOUT_MS, limits.timeoutMs),
    greetingTimeout: Math.min(GREETING_TIMEOUT_MS, limits.timeoutMs),
    dnsTimeout: Math.min(DNS_TIMEOUT_MS, limits.timeoutMs),
    socketTimeout: Math.max(limits.timeoutMs, settings.answerTimeoutMs) + SOCKET_GRACE_MS,
    socketCloseTimeout: CLOSE_TIMEOUT_MS,
    disableFileAccess: true, // content is text; what looks like a path or a URL in it stays text
    disableUrlAccess: true,
    logger: false,
  };
  const transport = createTransport(options);
  transport.use('stream', (mail, done) => {
    const deadline = mail.data.signal ? deadlines.get(mail.data.signal) : undefined;
    const { message } = mail;
    const open = message.createReadStream.bind(message);
    message.createReadStream = (options) => {
      const stream = isStraight(message) ? new MailStream(() => composeStraight(message)) : open(options);
      stream.once('end', () => deadline?.bodyEnded());
      return stream;
    };
    done();
  });
  return transport;
}
