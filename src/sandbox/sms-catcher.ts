import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import sms from 'sms-segments-calculator';

import type { Arrival, ArrivalSink } from './arrival.js';
import { type FaultSource, THROTTLE_RETRY_AFTER_SECONDS } from './fault.js';
import { createdSms, listedSms, twilioError, type TwilioAnswer } from './twilio-answers.js';

/** Twilio takes 1,600 characters of text; a form larger than this is no SMS. */
const MAX_FORM_BYTES = 64 * 1024;
const MAX_BODY_CHARACTERS = 1_600;
/** Who asks what became of an SMS asks within minutes. */
const KEPT_FOR_LIST = 100;
const PATH = /^\/2010-04-01\/Accounts\/([^/]+)\/Messages\.json$/;
const E164 = /^\+[1-9]\d{6,14}$/;

/** Made up at each start: nothing outside this process can know them. */
export interface SmsCredentials {
  accountSid: string;
  authToken: string;
}

/**
 * A Twilio-shaped HTTP server on the loopback: `POST /2010-04-01/Accounts/{sid}/Messages.json`, as
 * twilio.com/docs/messaging/api/message-resource describes it. It answers 201 only when the SMS is durable. `GET` lists the
 * latest, so that an SMS whose answer was lost is found as it would be there.
 */
export class SmsCatcher {
  readonly credentials: SmsCredentials = {
    accountSid: `AC${randomBytes(16).toString('hex')}`,
    authToken: randomBytes(16).toString('hex'),
  };
  private server: Server | undefined;
  /** The newest first, since this process started. */
  private readonly created: TwilioAnswer[] = [];

  constructor(
    private readonly arrivals: ArrivalSink,
    private readonly faults: FaultSource,
    private readonly now: () => Date = () => new Date(),
  ) {}

  /** Listens on an ephemeral port of 127.0.0.1 and tells which. */
  async start(): Promise<number> {
    this.server = createServer((request, response) => {
      this.serve(request, response).catch(() =>
        answer(request, response, twilioError(500, 20500, 'Internal Server Error')),
      );
    });
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return (this.server.address() as AddressInfo).port;
  }

  /** Cuts every connection at once. */
  async stop(): Promise<void> {
    const server = this.server;
    if (!server) return;
    this.server = undefined;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refused = this.refusalAtTheDoor(request);
    if (refused) return answer(request, response, refused);
    if (request.method === 'GET') return answer(request, response, this.list(request));
    const raw = await readForm(request);
    if (raw === undefined) return answer(request, response, twilioError(413, 20413, 'Payload too large'));

    // One fault per call, and only for a call that Twilio would have looked at.
    const fault = await this.faults.take('sms');
    switch (fault) {
      case 'reject':
        return answer(
          request,
          response,
          twilioError(400, 21211, "The 'To' number is not a valid phone number."),
        );
      case 'defer':
        // Twilio's own "not now" for one SMS: the sender's queue is full and nothing was created. A 5xx would not do: of
        // those Twilio says that the SMS may have been sent all the same (twilio.com/docs/errors/20500).
        return answer(
          request,
          response,
          twilioError(429, 21611, "This 'From' number has exceeded the maximum number of queued messages"),
        );
      case 'throttle':
        return answer(request, response, {
          ...twilioError(429, 20429, 'Too Many Requests'),
          headers: { 'retry-after': String(THROTTLE_RETRY_AFTER_SECONDS) },
        });
      case 'hang':
        return;
      case 'drop_after_body':
      case undefined:
    }

    const made = this.make(request, raw);
    if ('status' in made) return answer(request, response, made);
    await this.arrivals.append({ ...made.arrival, fault: fault ?? null });
    this.created.unshift(made.created);
    this.created.splice(KEPT_FOR_LIST);
    if (fault === 'drop_after_body') return void request.socket.destroy();
    answer(request, response, made.created);
  }

  private refusalAtTheDoor(request: IncomingMessage): TwilioAnswer | undefined {
    const { pathname } = new URL(request.url ?? '/', 'http://sandbox');
    const account = PATH.exec(pathname)?.[1];
    if (account === undefined) {
      return twilioError(404, 20404, `The requested resource ${pathname.slice(0, 200)} was not found`);
    }
    if (!this.mayCall(request.headers.authorization) || account !== this.credentials.accountSid) {
      return twilioError(401, 20003, 'Authenticate');
    }
    return ['GET', 'POST'].includes(request.method ?? '')
      ? undefined
      : twilioError(405, 20004, 'Method not allowed');
  }

  private list(request: IncomingMessage): TwilioAnswer {
    const to = new URL(request.url ?? '/', 'http://sandbox').searchParams.get('To');
    return listedSms(this.created.filter(({ body }) => to === null || body['to'] === to));
  }

  private mayCall(authorization: string | undefined): boolean {
    const { accountSid, authToken } = this.credentials;
    const wanted = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`;
    return timingSafeEqual(digest(authorization ?? ''), digest(wanted));
  }

  private make(
    request: IncomingMessage,
    raw: string,
  ): TwilioAnswer | { arrival: Omit<Arrival, 'fault'>; created: TwilioAnswer } {
    const form = new URLSearchParams(raw);
    const [to, from, body] = [form.get('To') ?? '', form.get('From') ?? '', form.get('Body') ?? ''];
    if (to === '') return twilioError(400, 21604, "A 'To' phone number is required.");
    if (!E164.test(to)) return twilioError(400, 21211, "The 'To' number is not a valid phone number.");
    if (from === '') return twilioError(400, 21603, "A 'From' phone number is required.");
    if (body === '') return twilioError(400, 21602, 'Message body is required.');
    if (body.length > MAX_BODY_CHARACTERS) {
      return twilioError(
        400,
        21617,
        `The concatenated message body exceeds the ${MAX_BODY_CHARACTERS} character limit.`,
      );
    }

    const measured = new sms.SegmentedMessage(body);
    const sid = `SM${randomBytes(16).toString('hex')}`;
    const segments = measured.segmentsCount;
    return {
      arrival: {
        channel: 'sms',
        to,
        subject: null,
        raw,
        parsed: { sid, from, body, segments, encoding: measured.encodingName },
        headers: withoutCredentials(request.rawHeaders),
        notificationId: null,
      },
      created: createdSms({
        sid,
        accountSid: this.credentials.accountSid,
        to,
        from,
        body,
        segments,
        at: this.now(),
      }),
    };
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Undefined when it is too long. The rest of it is not read: the answer closes the connection. */
async function readForm(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk as Buffer);
    if ((bytes += (chunk as Buffer).length) > MAX_FORM_BYTES) return undefined;
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Header pairs as they came. The credentials open this catcher, and are shown to nobody. */
function withoutCredentials(rawHeaders: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!;
    pairs.push([name, name.toLowerCase() === 'authorization' ? 'Basic ***' : rawHeaders[at + 1]!]);
  }
  return pairs;
}

function answer(request: IncomingMessage, response: ServerResponse, what: TwilioAnswer): void {
  if (response.headersSent || response.destroyed) return;
  const unread = !request.complete;
  response.writeHead(what.status, {
    'content-type': 'application/json',
    'twilio-request-id': `RQ${randomBytes(16).toString('hex')}`,
    ...what.headers,
    ...(unread ? { connection: 'close' } : {}),
  });
  response.end(JSON.stringify(what.body));
}
