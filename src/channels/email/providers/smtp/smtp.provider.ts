import { type Outcome, taken } from '../../../../domain/outcome.js';
import type { ProviderConfig } from '../../../../platform/config/posthaste-file.js';
import type { Call, EmailContent, Parcel, Provider } from '../../../channel.js';
import { sanitisedDetail } from '../../../sanitised-detail.js';
import { unsubscribeHeaders } from '../../unsubscribe-headers.js';
import { SendDeadline } from './send-deadline.js';
import { notCalled, smtpFailure } from './smtp-failure.js';
import { readSmtpOptions, type SmtpServer, type SmtpSettings } from './smtp.options.js';
import type { SmtpTransport } from './smtp.transport.js';

/**
 * Hands mail to one SMTP server, one recipient per mail, over a pool as wide as `concurrency`. Promises an answer within
 * `timeout` while nothing is taken, and within `answer_timeout` from the end of the body.
 */
export class SmtpProvider implements Provider<EmailContent> {
  readonly name: string;
  readonly channel = 'email';
  readonly kind = 'smtp';

  readonly #settings: SmtpSettings;
  readonly #limits: { concurrency: number; timeoutMs: number };
  readonly #deadlines = new WeakMap<AbortSignal, SendDeadline>();
  #transport: Promise<SmtpTransport> | undefined;
  readonly #secrets: readonly string[];
  #isClosed = false;

  constructor(config: ProviderConfig) {
    this.name = config.name;
    this.#settings = readSmtpOptions(config.options);
    this.#limits = config;
    this.#secrets = secretsOf(this.#settings.server.credentials);
  }

  async send(parcel: Parcel<EmailContent>, call: Call): Promise<Outcome> {
    if (this.#isClosed || call.signal.aborted) return notCalled('This process is stopping.');
    const deadline = new SendDeadline(this.#limits.timeoutMs, this.#settings.answerTimeoutMs, call.signal);
    this.#deadlines.set(deadline.signal, deadline);
    try {
      const transport = await this.#open();
      const info = await transport.sendMail({ ...this.#mailOf(parcel, call), signal: deadline.signal });
      const providerMessageId = fitId(info.serverMessageId) ?? queueIdOf(info.response) ?? info.messageId;
      return taken(info.response.slice(0, 3), sanitisedDetail(info.response, this.#hidden(parcel)), {
        providerMessageId,
      });
    } catch (error) {
      const cutBy = this.#isClosed ? 'shutdown' : deadline.cutBy;
      return smtpFailure(error, { isBodyOut: deadline.isBodyOut, cutBy }, this.#hidden(parcel));
    } finally {
      deadline.end();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    (await this.#transport)?.close({ force: true });
  }

  /** With the first mail: processes that send none do without nodemailer, 6 MiB of memory. */
  #open(): Promise<SmtpTransport> {
    return (this.#transport ??= import('./smtp.transport.js').then(({ createSmtpTransport }) =>
      createSmtpTransport(this.#settings, this.#limits, this.#deadlines),
    ));
  }

  #mailOf(parcel: Parcel<EmailContent>, call: Call) {
    const { from } = this.#settings;
    const { subject, text, html } = parcel.content;
    return {
      from: { name: from.name, address: from.address },
      to: { name: '', address: parcel.to },
      // Explicit, so that no header is ever parsed for recipients.
      envelope: { from: from.address, to: parcel.to },
      subject,
      text,
      ...(html === undefined ? {} : { html }),
      ...(isMostlyAscii(subject + text) ? { textEncoding: 'quoted-printable' as const } : {}),
      // The same for the same content: some mailboxes drop a repetition by it, and new content needs a new one (RFC 5322 §3.6.4).
      messageId: `<${parcel.key}@${from.domain}>`,
      date: call.now(),
      headers: {
        'Auto-Submitted': 'auto-generated', // RFC 3834 §5: no vacation notes in reply
        ...preparedHeaders(unsubscribeHeaders(parcel.content)),
      },
    };
  }

  #hidden(parcel: Parcel<EmailContent>): string[] {
    return [parcel.to, ...this.#secrets];
  }
}

/** Each such character takes one more byte, or two. Few of them: nodemailer need not count, several times, what it comes to find. */
const isMostlyAscii = (text: string): boolean => Buffer.byteLength(text) - text.length < text.length / 5;

/** The login, and the forms in which AUTH PLAIN and AUTH LOGIN put it on the wire, which servers may quote back. */
function secretsOf(credentials: SmtpServer['credentials']): string[] {
  if (!credentials) return [];
  const { user, pass } = credentials;
  const encoded = [`\u0000${user}\u0000${pass}`, user, pass].map((text) =>
    Buffer.from(text).toString('base64'),
  );
  return [...encoded, pass, user].filter((secret) => secret !== '');
}

/** Postfix, Exim and kin: `250 2.0.0 Ok: queued as 4F1B2`, `250 OK id=1abc-…`; SES: `250 Ok 0100…`. */
const queueIdOf = (response: string): string | undefined =>
  /(?:queued as |\bid=|^250 Ok )<?([\w.@+-]{4,200})>?\s*$/i.exec(response)?.[1];

/** What nodemailer reads out of the answer is the server's own text; one that is no id, or longer than any, is none. */
const fitId = (id: string | undefined): string | undefined =>
  id !== undefined && /^[!-~]{1,200}$/.test(id) ? id : undefined;

/** As they are: folded, a long URL would be cut apart, and RFC 8058 readers take a header line by line. */
const preparedHeaders = (
  headers: Record<string, string>,
): Record<string, { prepared: true; value: string }> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, { prepared: true, value }] as const),
  );
