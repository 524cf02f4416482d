import {
  createdSms,
  listedSms,
  type TwilioAnswer,
  twilioError,
} from '../../../src/sandbox/twilio-answers.js';
import type { Dialect, HttpRequest } from './http-fake.js';

/** A subscriber of webhooks; which of them is in the path. A repetition shows by `webhook-id`. */
export const receiver: Dialect = {
  provider: 'webhooks',
  channel: 'webhook',
  read: ({ path, headers }) => ({
    key: String(headers['webhook-id']),
    of: String(headers['webhook-id']),
    to: path,
  }),
  taken: () => ({ status: 204 }),
  failed: () => ({ status: 500 }),
  rejected: () => ({ status: 501 }), // permanent: see the webhook classification
};

const SID = 'AC00000000000000000000000000000000';

/** Twilio's Messages resource. It knows no key: two equal texts to one number are two texts. Asked, it lists what it has. */
export const twilio: Dialect = {
  provider: 'twilio',
  channel: 'sms',
  read: (request) => {
    const form = new URLSearchParams(request.body);
    const to = form.get('To') ?? '';
    return { key: `${to} ${form.get('Body') ?? ''}`, of: to, to };
  },
  taken: (request, number) => {
    const { status, body } = createdSms({ ...textOf(request), sid: sidOf(number), accountSid: SID });
    return { status, body: JSON.stringify(body) };
  },
  failed: () => ({ status: 500, body: JSON.stringify(twilioError(500, 20500, 'Internal').body) }),
  rejected: () => ({ status: 400, body: JSON.stringify(twilioError(400, 21617, 'Body too long').body) }),
  asked: ({ method, path }, taken) => {
    if (method !== 'GET') return undefined;
    const to = new URL(path, 'http://twilio').searchParams.get('To');
    const created = taken.map(({ body }): TwilioAnswer => ({
      status: 201,
      body: JSON.parse(body!) as Record<string, unknown>,
    }));
    return {
      status: 200,
      body: JSON.stringify(listedSms(created.filter(({ body }) => body['to'] === to)).body),
    };
  },
};

const sidOf = (number: number): string => `SM${number.toString(16).padStart(32, '0')}`;

function textOf(request: HttpRequest): {
  to: string;
  from: string;
  body: string;
  segments: number;
  at: Date;
} {
  const form = new URLSearchParams(request.body);
  const [to, from, body] = ['To', 'From', 'Body'].map((name) => form.get(name) ?? '');
  return { to: to!, from: from!, body: body!, segments: 1, at: new Date() };
}

/** Resend, which answers one Idempotency-Key once: what it has taken before under a key it does not send again. */
export const resend: Dialect = {
  provider: 'resend',
  channel: 'email',
  read: ({ headers, body }) => {
    const key = String(headers['idempotency-key']);
    return { key, of: /^\w*/.exec(key)![0], to: String((JSON.parse(body) as { to?: unknown }).to) };
  },
  taken: (_request, number) => ({ status: 200, body: JSON.stringify({ id: `re-${number}` }) }),
  failed: () => ({ status: 500, body: JSON.stringify({ name: 'internal_server_error', message: 'no' }) }),
  rejected: () => ({ status: 422, body: JSON.stringify({ name: 'validation_error', message: 'no' }) }),
};

/** A gateway for `kind: http-sms` whose body carries the notification's id as `reference`. */
export const gateway: Dialect = {
  provider: 'gateway',
  channel: 'sms',
  read: ({ body }) => {
    const { reference, to } = JSON.parse(body) as { reference: string; to: string };
    return { key: reference, of: reference, to };
  },
  taken: (_request, number) => ({ status: 200, body: JSON.stringify({ id: `g-${number}` }) }),
  failed: () => ({ status: 500 }),
  rejected: () => ({ status: 422 }),
};
