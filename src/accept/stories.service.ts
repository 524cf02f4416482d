import { Inject, Injectable } from '@nestjs/common';

import { fromPublicId, toPublicId } from '../domain/public-id.js';
import { isWaiting } from '../domain/status.js';
import { type ListFilter, NotificationsReader } from '../notifications/notifications.reader.js';
import { NotificationsRepository } from '../notifications/notifications.repository.js';
import { type Payload, PayloadVault } from '../notifications/payload.js';
import type { StoredNotification } from '../notifications/story.js';
import { Config } from '../platform/config/config.js';
import { callbacksOf, retryPolicyOf } from '../platform/config/posthaste-file.js';
import { KeyedHasher } from '../platform/crypto/keyed-hasher.js';
import { type Fault, Problem } from '../platform/http/problem.js';
import { keyHashOf, recipientKeyOf } from './business-key.js';
import type { ListQuery, NotificationPage, NotificationStory } from './story.schema.js';
import { toStory, toSummary } from './story.view.js';
import { WaitingHolds } from './waiting-holds.js';

const DEFAULT_LIMIT = 50;
/** In whose hands something may be, by status, when a cancel comes too late. */
const MAYBE_SENT = new Set(['sending', 'in_doubt']);

/** What callers may see and do with what they have sent: read one, list, cancel. */
@Injectable()
export class Stories {
  constructor(
    @Inject(NotificationsReader) private readonly reader: NotificationsReader,
    @Inject(NotificationsRepository) private readonly notifications: NotificationsRepository,
    @Inject(PayloadVault) private readonly vault: PayloadVault,
    @Inject(KeyedHasher) private readonly hasher: KeyedHasher,
    @Inject(WaitingHolds) private readonly holds: WaitingHolds,
    @Inject(Config) private readonly config: Config,
  ) {}

  async get(publicId: string): Promise<NotificationStory> {
    const story = await this.reader.story(idOf(publicId));
    if (!story) throw notFound();
    const { notification } = story;
    const obstacle = story.waiting && (await this.holds.on(notification, story.waiting));
    const reports = this.reports(notification.provider);
    return toStory(story, this.payloadOf(notification), this.maxAttemptsOf(notification), obstacle, reports);
  }

  async list(query: ListQuery): Promise<NotificationPage> {
    const { rows, cursor } = await this.reader.list(this.filterOf(query));
    return {
      items: rows.map((row) => toSummary(row, this.payloadOf(row), this.maxAttemptsOf(row))),
      next_cursor: cursor === undefined ? null : toPublicId('notification', cursor),
    };
  }

  /** While it waits; afterwards Problem `maybe_sent` or `wrong_state`. Cancelling twice is cancelling once. */
  async cancel(publicId: string): Promise<NotificationStory> {
    const id = idOf(publicId);
    const isCancelled = await this.notifications.cancel(id);
    const story = await this.get(publicId);
    if (isCancelled || story.status === 'cancelled') return story;
    // One that still waits is in a claim this moment, or waits for its retry after a doubt.
    if (MAYBE_SENT.has(story.status) || isWaiting(story.status)) {
      throw new Problem('maybe_sent', `It is ${story.status}: a provider may have it already.`);
    }
    throw new Problem('wrong_state', `It is ${story.status} and cannot be cancelled any more.`);
  }

  private filterOf(query: ListQuery): ListFilter {
    const faults: Fault[] = [];
    const { type, recipient, business_id: businessId } = query;
    if (businessId !== undefined && (type === undefined || recipient === undefined)) {
      faults.push({
        path: '/business_id',
        message: 'needs type and recipient beside it: together they are the key',
      });
    }
    const isLed = recipient ?? type ?? query.status ?? query.event_id ?? query.created_after;
    for (const field of ['channel', 'provider'] as const) {
      if (query[field] !== undefined && isLed === undefined) {
        faults.push({
          path: `/${field}`,
          message: 'needs one of recipient, type, status, event_id, created_after beside it',
        });
      }
    }
    const before = idIn('notification', '/cursor', query.cursor, faults);
    const eventId = idIn('event', '/event_id', query.event_id, faults);
    if (faults.length > 0)
      throw new Problem('invalid_request', 'This question cannot be answered from an index.', {
        errors: faults,
      });
    return {
      limit: query.limit ?? DEFAULT_LIMIT,
      ...(businessId === undefined ? {} : { keyHash: keyHashOf(this.hasher, type!, recipient!, businessId) }),
      ...(recipient === undefined ? {} : { recipient, recipientKey: recipientKeyOf(this.hasher, recipient) }),
      ...definedOnly({
        type,
        status: query.status,
        channel: query.channel,
        provider: query.provider,
        eventId,
        before,
      }),
      ...(query.created_after === undefined ? {} : { createdAfter: new Date(query.created_after) }),
      ...(query.created_before === undefined ? {} : { createdBefore: new Date(query.created_before) }),
    };
  }

  /** Undefined once erased, and when it cannot be opened: why it is dead must be readable all the same. */
  private payloadOf(row: StoredNotification): Payload | undefined {
    if (row.payload === null) return undefined;
    try {
      return this.vault.open(row.id, row.payload);
    } catch {
      return undefined;
    }
  }

  private reports(provider: string | null): boolean {
    const config = this.config.file.providers.find((one) => one.name === provider);
    return config !== undefined && callbacksOf(config) !== undefined;
  }

  private maxAttemptsOf(row: StoredNotification): number {
    return retryPolicyOf(this.config.file, row.type, row.channel).retries + 1;
  }
}

function idIn(
  kind: 'notification' | 'event',
  path: string,
  publicId: string | undefined,
  faults: Fault[],
): string | undefined {
  if (publicId === undefined) return undefined;
  const id = fromPublicId(kind, publicId);
  if (id === undefined) faults.push({ path, message: 'is no id of ours' });
  return id;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };
const definedOnly = <T extends object>(fields: T): Defined<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;

function idOf(publicId: string): string {
  const id = fromPublicId('notification', publicId);
  if (id === undefined) throw notFound();
  return id;
}

const notFound = (): Problem => new Problem('not_found', 'There is no notification with this id.');
