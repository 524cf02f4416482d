import { Inject, Injectable } from '@nestjs/common';

import { isOwnType } from '../domain/event-type.js';
import { toPublicId } from '../domain/public-id.js';
import { Config } from '../platform/config/config.js';
import { retryPolicyOf } from '../platform/config/posthaste-file.js';
import { parseDurationMs } from '../platform/config/units.js';
import { isUnavailable } from '../platform/database/sql-state.js';
import { KeyedHasher } from '../platform/crypto/keyed-hasher.js';
import { type Fault, Problem } from '../platform/http/problem.js';
import { compileFaults } from '../platform/http/validator.js';
import { Gauges } from '../platform/metrics/gauges.js';
import { PayloadVault } from '../notifications/payload.js';
import { AcceptGroup, type Settled } from './accept-group.js';
import { Addressing } from './addressing.js';
import { type Addressed, type Draft, draftOf } from './draft.js';
import { differingFields } from './fingerprint.js';
import { type Accepted, NotificationRequest } from './notification.schema.js';
import type { NewNotification } from './sql/insert-accepted.js';

export type Answer = { httpStatus: 200 | 202; body: Accepted };
export type ItemAnswer = Answer | { problem: Problem };

/** Who posts it, and the trace it is part of, if any. */
export interface Origin {
  apiKeyId: string;
  traceparent: string | null;
}

interface Prepared {
  row: NewNotification;
  segments: number | undefined;
}

const faultsIn = compileFaults(NotificationRequest);

/**
 * The one door in. Promises: an answered request is durable; a known key is answered 200 or 409 before anything that the
 * configuration can change is looked at; every refusal names every fault. Leaves sending to the outbox.
 */
@Injectable()
export class AcceptService {
  constructor(
    @Inject(Config) private readonly config: Config,
    @Inject(KeyedHasher) private readonly hasher: KeyedHasher,
    @Inject(Addressing) private readonly addressing: Addressing,
    @Inject(PayloadVault) private readonly vault: PayloadVault,
    @Inject(AcceptGroup) private readonly group: AcceptGroup,
    @Inject(Gauges) private readonly gauges: Gauges,
  ) {}

  /** Takes one notification. `request` has the contract's shape. Throws Problem. */
  async accept(request: NotificationRequest, origin: Origin): Promise<Answer> {
    return this.take(this.draft(request), origin);
  }

  /** The same for what the service itself says: types that begin with `posthaste.` are its own. */
  acceptOwn(request: NotificationRequest, origin: Origin): Promise<Answer> {
    return this.take(draftOf(request, this.hasher), origin);
  }

  private async take(draft: Draft, origin: Origin): Promise<Answer> {
    const prepared = await this.prepare(draft, origin);
    const settled =
      prepared instanceof Problem
        ? await this.knownOr(draft, prepared)
        : await this.group.settle(prepared.row);
    return this.answer(draft, settled, prepared);
  }

  /** Takes a batch; each item stands alone and is answered in its place. */
  async acceptBatch(items: readonly unknown[], origin: Origin): Promise<ItemAnswer[]> {
    const drafts = items.map((item) => this.tryDraft(item));
    const prepared = await Promise.all(
      drafts.map(async (draft) => (draft instanceof Problem ? draft : this.prepare(draft, origin))),
    );
    const rows = prepared.flatMap((one) => (one instanceof Problem ? [] : [one.row]));
    const settled = await this.group.settleAll(rows);
    let next = 0;
    return Promise.all(
      prepared.map(async (one, i): Promise<ItemAnswer> => {
        const draft = drafts[i]!;
        if (draft instanceof Problem) return { problem: draft };
        const result = one instanceof Problem ? this.knownOr(draft, one) : unwrap(settled[next++]!);
        return result.then((known) => this.answer(draft, known, one)).catch(toItemProblem);
      }),
    );
  }

  private draft(request: NotificationRequest): Draft {
    const faults = rulesBeyondShape(request);
    if (faults.length > 0)
      throw new Problem('invalid_request', 'Some fields are wrong; each is named in `errors`.', {
        errors: faults,
      });
    return draftOf(request, this.hasher);
  }

  private tryDraft(item: unknown): Draft | Problem {
    const faults = faultsIn(item);
    if (faults.length > 0)
      return new Problem('invalid_request', 'Some fields are missing or wrong; each is named in `errors`.', {
        errors: faults,
      });
    try {
      return this.draft(item as NotificationRequest);
    } catch (error) {
      if (error instanceof Problem) return error;
      throw error;
    }
  }

  private async prepare(draft: Draft, origin: Origin): Promise<Prepared | Problem> {
    try {
      const addressed = await this.addressing.address(draft);
      return { row: this.toRow(draft, addressed, origin), segments: addressed.segments };
    } catch (error) {
      if (error instanceof Problem) return error;
      throw error;
    }
  }

  /** A refusal counts only for keys that are new: what was accepted once is answered as it was. */
  private async knownOr(draft: Draft, refusal: Problem): Promise<Settled> {
    const known = await this.group.find(draft.keyHash);
    if (known) return known;
    this.gauges.accepted.inc({ result: refusal.code });
    throw refusal;
  }

  private answer(draft: Draft, settled: Settled, prepared: Prepared | Problem): Answer {
    const id = toPublicId('notification', settled.id);
    if (settled.isNew) {
      this.gauges.accepted.inc({ result: settled.status === 'suppressed' ? 'suppressed' : 'accepted' });
      const segments = prepared instanceof Problem ? undefined : prepared.segments;
      return {
        httpStatus: 202,
        body: { id, status: settled.status, duplicate: false, ...(segments ? { segments } : {}) },
      };
    }
    const differing = differingFields(settled.fingerprint, draft.fingerprint);
    if (differing.length > 0) {
      this.gauges.accepted.inc({ result: 'idempotency_conflict' });
      throw conflict(id, differing);
    }
    this.gauges.accepted.inc({ result: 'duplicate' });
    return {
      httpStatus: 200,
      body: { id, status: settled.status, duplicate: true, ...(settled.isErased ? { erased: true } : {}) },
    };
  }

  private toRow(draft: Draft, addressed: Addressed, origin: Origin): NewNotification {
    const { request } = draft;
    const { file } = this.config;
    return {
      id: draft.id,
      keyHash: draft.keyHash,
      fingerprint: draft.fingerprint,
      type: request.type,
      recipient: request.recipient,
      businessId: request.business_id,
      recipientKey: draft.recipientKey,
      channel: addressed.channel,
      lane: request.lane ?? 'transactional',
      template: addressed.template,
      locale: request.locale ?? null,
      orderingKey: request.ordering_key ?? null,
      onInDoubt: request.on_in_doubt ?? null,
      payload: this.vault.seal(
        draft.id,
        addressed.to,
        addressed.dataJson,
        request.metadata,
        addressed.timeZone,
      ),
      eventId: null,
      endpointId: addressed.endpointId,
      apiKeyId: origin.apiKeyId,
      sendAt: isoOf(request.send_at),
      expiresAt: isoOf(request.expires_at),
      expiresInMs: expiresInMs(request, file.types.get(request.type)?.expiresInMs),
      deadlineMs: retryPolicyOf(file, request.type, addressed.channel).deadlineMs,
      addressHash: addressed.addressHash,
      quietUntil: addressed.quietUntil,
      traceparent: origin.traceparent,
    };
  }
}

/** What the shape alone cannot say. */
function rulesBeyondShape(request: NotificationRequest): Fault[] {
  const faults: Fault[] = [];
  if (isOwnType(request.type))
    faults.push({ path: '/type', message: 'begins with posthaste, which is ours' });
  if (request.expires_at !== undefined && request.expires_in !== undefined) {
    faults.push({ path: '/expires_in', message: 'cannot stand beside expires_at' });
  }
  if (request.expires_in !== undefined && parseDurationMs(request.expires_in) === 0) {
    faults.push({ path: '/expires_in', message: 'must be longer than nothing' });
  }
  return faults;
}

const expiresInMs = (request: NotificationRequest, ofType: number | undefined): number | null => {
  if (request.expires_at !== undefined) return null;
  return (request.expires_in === undefined ? ofType : parseDurationMs(request.expires_in)) ?? null;
};

/** PostgreSQL reads fewer offsets than RFC 3339 allows. */
const isoOf = (time: string | undefined): string | null =>
  time === undefined ? null : new Date(time).toISOString();

const conflict = (id: string, fields: string[]): Problem =>
  new Problem(
    'idempotency_conflict',
    `This key was accepted before with other content: ${fields.join(', ')}. Nothing was changed.`,
    {
      extensions: { id, fields },
    },
  );

/** In a batch only the item's own answer fails; what is no refusal is PostgreSQL's trouble, and this item's alone. */
function toItemProblem(error: unknown): ItemAnswer {
  if (error instanceof Problem) return { problem: error };
  if (isUnavailable(error)) {
    return {
      problem: new Problem(
        'unavailable',
        'It may or may not be stored: send it again, its key makes that safe.',
        { cause: error },
      ),
    };
  }
  return { problem: new Problem('internal', 'The fault is ours and has been logged.', { cause: error }) };
}

const unwrap = async (result: PromiseSettledResult<Settled>): Promise<Settled> => {
  if (result.status === 'fulfilled') return result.value;
  throw result.reason;
};
