import { createHmac, timingSafeEqual } from 'node:crypto';

import type { UnsubscribeUrls } from '../channels/email/email.channel.js';
import { fromPublicId } from '../domain/public-id.js';
import type { KeyedHasher } from '../platform/crypto/keyed-hasher.js';

const VERSION = 1;
const UUID_BYTES = 16;
/** 128 bits of the HMAC: nobody guesses one within the life of a mailbox. */
const MAC_BYTES = 16;
const MAC_AT = 1 + UUID_BYTES;
const TOKEN_BYTES = MAC_AT + MAC_BYTES;
/** 33 bytes are 44 characters of base64url, without padding. */
const TOKEN = /^[A-Za-z0-9_-]{44}$/;
const KEY_BYTES = 31;

/**
 * Links by which a recipient ends a type of mail. The token names the notification that carried it, whose address and type
 * never change, and is signed; nothing of either can be read from it. Layout: version (1) | notification (16) | HMAC (16).
 *
 * The key is derived from this installation's own, which ENCRYPTION_KEY seals: links in mailboxes outlive a change of
 * ENCRYPTION_KEY. Equal for every attempt of a notification, so that what was rendered stays the same.
 */
export class UnsubscribeLinks implements UnsubscribeUrls {
  private readonly key: Buffer;
  private readonly base: string | undefined;

  constructor(hasher: KeyedHasher, publicUrl: string | undefined) {
    this.key = Buffer.from(hasher.hex('key of unsubscribe links', KEY_BYTES), 'hex');
    this.base = publicUrl?.replace(/\/+$/, '');
  }

  urlFor(notificationId: string): string | undefined {
    if (this.base === undefined) return undefined;
    return `${this.base}/v1/unsubscribe/${this.tokenFor(fromPublicId('notification', notificationId)!)}`;
  }

  /** The notification (UUID) that a token names; undefined for whatever is not ours. */
  read(token: string): string | undefined {
    if (!TOKEN.test(token)) return undefined;
    const bytes = Buffer.from(token, 'base64url');
    if (bytes.length !== TOKEN_BYTES || bytes[0] !== VERSION) return undefined;
    if (!timingSafeEqual(bytes.subarray(MAC_AT), this.macOf(bytes.subarray(0, MAC_AT)))) return undefined;
    return uuidOf(bytes.subarray(1, MAC_AT));
  }

  private tokenFor(uuid: string): string {
    const named = Buffer.concat([Buffer.of(VERSION), Buffer.from(uuid.replaceAll('-', ''), 'hex')]);
    return Buffer.concat([named, this.macOf(named)]).toString('base64url');
  }

  private macOf(named: Buffer): Buffer {
    return createHmac('sha256', this.key).update(named).digest().subarray(0, MAC_BYTES);
  }
}

const uuidOf = (bytes: Buffer): string =>
  bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
