import { Inject, Injectable } from '@nestjs/common';

import type { Origin } from '../accept/accept.service.js';
import { MAX_DATA_BYTES } from '../accept/addressing.js';
import { TypeCatalogue } from '../catalogue/type-catalogue.js';
import { ChannelRegistry } from '../channels/channel.registry.js';
import { isOwnType } from '../domain/event-type.js';
import { PayloadVault } from '../notifications/payload.js';
import { Config } from '../platform/config/config.js';
import { retryPolicyOf } from '../platform/config/posthaste-file.js';
import { KeyedHasher } from '../platform/crypto/keyed-hasher.js';
import { timeOrderedId } from '../platform/crypto/time-ordered-id.js';
import { Problem } from '../platform/http/problem.js';
import { type Event, eventFingerprintOf, eventKeyOf } from './event.js';
import type { EventRequest } from './event.schema.js';
import type { NewEvent } from './sql/insert-events.js';

/** A well-formed event: what is stored of it, what is spread, and what the configuration has against it. */
export interface EventDraft {
  event: Event;
  row: NewEvent;
  /** Counts only if the key is new. */
  refusal: Problem | undefined;
}

/** Makes of what a caller posted what the service keeps. */
@Injectable()
export class EventDrafts {
  constructor(
    @Inject(Config) private readonly config: Config,
    @Inject(KeyedHasher) private readonly hasher: KeyedHasher,
    @Inject(PayloadVault) private readonly vault: PayloadVault,
    @Inject(ChannelRegistry) private readonly channels: ChannelRegistry,
    @Inject(TypeCatalogue) private readonly types: TypeCatalogue,
  ) {}

  /** Throws Problem `invalid_request` or `too_large`: what no configuration can make right. */
  of(request: EventRequest, origin: Origin): EventDraft {
    const dataJson = checked(request);
    const event = this.event(request, origin);
    const { id, fingerprint, type, recipient, businessId } = event;
    const payload = this.vault.sealEvent(id, dataJson);
    const keyHash = eventKeyOf(this.hasher, event);
    return {
      event,
      row: { id, keyHash, fingerprint, type, recipient, businessId, payload, apiKeyId: origin.apiKeyId },
      refusal: this.refusal(request),
    };
  }

  private event(request: EventRequest, { apiKeyId, traceparent }: Origin): Event {
    const { type, business_id, recipient, data } = request;
    const { file } = this.config;
    return {
      id: timeOrderedId(),
      type,
      recipient: recipient ?? null,
      businessId: business_id,
      fingerprint: eventFingerprintOf(this.hasher, { type, businessId: business_id }, data),
      lane: 'transactional',
      apiKeyId,
      traceparent,
      expiresInMs: file.types.get(type)?.expiresInMs ?? null,
      deadlineMs: retryPolicyOf(file, type, 'webhook').deadlineMs,
    };
  }

  private refusal({ type, data }: EventRequest): Problem | undefined {
    if (this.channels.providersOf('webhook').length === 0)
      return new Problem('no_provider', 'No provider for webhook is configured here.');
    try {
      this.types.check(type, data);
      return undefined;
    } catch (error) {
      if (error instanceof Problem) return error;
      throw error;
    }
  }
}

/** Its data as JSON. */
function checked({ type, data }: EventRequest): string {
  if (isOwnType(type)) {
    const errors = [{ path: '/type', message: 'begins with posthaste, which is ours' }];
    throw new Problem('invalid_request', 'Some fields are wrong; each is named in `errors`.', { errors });
  }
  const json = JSON.stringify(data);
  if (Buffer.byteLength(json) > MAX_DATA_BYTES)
    throw new Problem('too_large', `\`data\` may have at most ${MAX_DATA_BYTES / 1024} KiB of JSON.`);
  return json;
}
