import { createHmac } from 'node:crypto';

import { parseJsonObject } from '../../channels/json-object.js';
import { fromPublicId } from '../../domain/public-id.js';
import { isSame } from '../constant-time.js';
import { type CallbackRequest, type Dialect, FORGED, headerOf, type Reading, said } from '../dialect.js';
import { codeOf, messageIdOf, type Said, timeOf } from '../said.js';

export interface GenericCallbacks {
  /** `whsec_` and base64. */
  secret: string;
  /** An address in its channel's normal form; undefined for what is none. */
  addressOf: (text: string) => string | undefined;
}

/** Older or newer is a replay, or a clock that is wrong (Standard Webhooks 1.0, "Timestamp verification"). Milliseconds. */
const TOLERANCE_MS = 300_000;

const KINDS = ['delivered', 'bounced', 'complaint', 'stop', 'start'] as const;
type Kind = (typeof KINDS)[number];

/**
 * The form for every provider without one of its own, written by whoever stands between it and us: signed by Standard
 * Webhooks, `{id | provider_message_id | address, status, at?, code?, hard?}`.
 */
export class GenericDialect implements Dialect {
  readonly #key: Buffer;
  readonly #addressOf: GenericCallbacks['addressOf'];

  constructor({ secret, addressOf }: GenericCallbacks) {
    this.#key = readSecret(secret);
    this.#addressOf = addressOf;
  }

  async read(request: CallbackRequest, now: Date): Promise<Reading> {
    const messageId = messageIdOf(headerOf(request, 'webhook-id'));
    if (messageId === undefined || !this.#isSigned(request, messageId, now)) return FORGED;
    const one = this.#saidIn(request.body, messageId, now);
    return one ? said(one) : { is: 'unreadable' };
  }

  #isSigned(request: CallbackRequest, messageId: string, now: Date): boolean {
    const timestamp = headerOf(request, 'webhook-timestamp') ?? '';
    const given = headerOf(request, 'webhook-signature') ?? '';
    if (!/^\d{1,12}$/.test(timestamp)) return false;
    if (Math.abs(Number(timestamp) * 1_000 - now.getTime()) > TOLERANCE_MS) return false;
    const hmac = createHmac('sha256', this.#key).update(`${messageId}.${timestamp}.`).update(request.body);
    const wanted = `v1,${hmac.digest('base64')}`;
    return given.split(' ', MAX_SIGNATURES).some((signature) => isSame(signature, wanted));
  }

  #saidIn(body: Buffer, key: string, now: Date): Said | undefined {
    const fields = parseJsonObject(body.toString('utf8'));
    const about = fields && this.#aboutOf(fields);
    if (!fields || !about || !isKind(fields['status'])) return undefined;
    const kind = fields['status'];
    if ('address' in about && kind !== 'stop' && kind !== 'start') return undefined;
    const code = isWord(fields['code']) ? fields['code'] : kind;
    return {
      kind,
      ...about,
      ...(kind === 'bounced' ? { class: fields['hard'] === true ? 'suppress' : 'permanent' } : {}),
      code: codeOf('receipt', code),
      at: timeOf(fields['at'], now),
      key,
    };
  }

  #aboutOf(fields: Record<string, unknown>): Pick<Said, 'id' | 'providerMessageId' | 'address'> | undefined {
    const id = typeof fields['id'] === 'string' ? fromPublicId('notification', fields['id']) : undefined;
    const providerMessageId = messageIdOf(fields['provider_message_id']);
    if (fields['id'] !== undefined && id === undefined) return undefined;
    if (id !== undefined || providerMessageId !== undefined) {
      return {
        ...(id === undefined ? {} : { id }),
        ...(providerMessageId === undefined ? {} : { providerMessageId }),
      };
    }
    const address = typeof fields['address'] === 'string' ? this.#addressOf(fields['address']) : undefined;
    return address === undefined ? undefined : { address };
  }
}

/** One of each live secret; nobody has more than a few. */
const MAX_SIGNATURES = 10;

/** A sentence may quote an address; a code does not. */
const isWord = (value: unknown): value is string =>
  typeof value === 'string' && /^[A-Za-z0-9._-]{1,48}$/.test(value);

const isKind = (value: unknown): value is Kind => (KINDS as readonly unknown[]).includes(value);

/** Throws an Error that names the option; never repeats it. */
function readSecret(secret: string): Buffer {
  const key = /^whsec_[A-Za-z0-9+/]+={0,2}$/.test(secret)
    ? Buffer.from(secret.slice('whsec_'.length), 'base64')
    : Buffer.alloc(0);
  if (key.length < 24 || key.length > 64) {
    throw new Error('callbacks.secret must be whsec_ and 24 to 64 random bytes in base64');
  }
  return key;
}
