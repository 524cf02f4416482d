import { Inject, Injectable } from '@nestjs/common';

import { toPublicId } from '../domain/public-id.js';
import { PayloadVault } from '../notifications/payload.js';
import { Config } from '../platform/config/config.js';
import { retryPolicyOf } from '../platform/config/posthaste-file.js';
import { KeyedHasher } from '../platform/crypto/keyed-hasher.js';
import { timeOrderedId } from '../platform/crypto/time-ordered-id.js';
import { type Event, eventFingerprintOf, eventKeyOf } from './event.js';
import type { NewEvent } from './sql/insert-events.js';
import type { SaidByUs, SaidOfNotification } from './sql/take-own-events.js';

/** Makes of what the service said of itself an event, as if somebody had posted it. */
@Injectable()
export class OwnEventDrafts {
  constructor(
    @Inject(Config) private readonly config: Config,
    @Inject(KeyedHasher) private readonly hasher: KeyedHasher,
    @Inject(PayloadVault) private readonly vault: PayloadVault,
  ) {}

  of(said: SaidByUs): { event: Event; row: NewEvent } {
    const data = dataOf(said);
    const event = this.event(said, data);
    const { id, fingerprint, type, recipient, businessId, apiKeyId } = event;
    const payload = this.vault.sealEvent(id, JSON.stringify(data));
    const keyHash = eventKeyOf(this.hasher, event);
    return { event, row: { id, keyHash, fingerprint, type, recipient, businessId, payload, apiKeyId } };
  }

  private event(said: SaidByUs, data: Record<string, unknown>): Event {
    const { type, recipient } = said;
    const businessId = businessIdOf(said);
    const { file } = this.config;
    return {
      id: timeOrderedId(),
      type,
      recipient,
      businessId,
      fingerprint: eventFingerprintOf(this.hasher, { type, businessId }, data),
      // One a notification: they wait behind what they speak of. What is said of endpoints and alerts is rare and urgent.
      lane: said.notificationId === null ? 'transactional' : 'bulk',
      apiKeyId: null,
      traceparent: null,
      expiresInMs: file.types.get(type)?.expiresInMs ?? null,
      deadlineMs: retryPolicyOf(file, type, 'webhook').deadlineMs,
    };
  }
}

/** The key under which it is told: of a notification, its id and the dispatch that ended so. */
const businessIdOf = (said: SaidByUs): string =>
  said.notificationId === null
    ? said.businessId
    : `${toPublicId('notification', said.notificationId)}:${said.dispatch}`;

/** What subscribers get. Never the recipient, an address or the content: who may see those asks by the id. */
const dataOf = (said: SaidByUs): Record<string, unknown> => ({
  ...(said.notificationId === null ? {} : subjectOf(said)),
  ...said.data,
  at: said.at.toISOString(),
});

const subjectOf = (said: SaidOfNotification): Record<string, unknown> => ({
  id: toPublicId('notification', said.notificationId),
  type: said.notificationType,
  business_id: said.notificationBusinessId,
  channel: said.channel,
});
