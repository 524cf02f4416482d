import { Inject, Injectable } from '@nestjs/common';

import { ChannelRegistry } from '../channels/channel.registry.js';
import { fromPublicId, toPublicId } from '../domain/public-id.js';
import { IRREVOCABLE, SUPPRESSION_REASONS } from '../domain/suppression.js';
import { DatabaseClock } from '../platform/clock/database-clock.js';
import { AuditTrail } from '../platform/audit/audit-trail.service.js';
import { WorkPool } from '../platform/database/pools.js';
import { inTransaction } from '../platform/database/transaction.js';
import { type Fault, Problem } from '../platform/http/problem.js';
import type { Suppression } from '../suppressions/suppression.js';
import { Suppressions } from '../suppressions/suppressions.js';
import { type ReadSuppression, SuppressionsReader } from '../suppressions/suppressions.reader.js';
import { maskedAddress } from './masked-address.js';
import type {
  AddedSuppressions,
  SuppressionItem,
  SuppressionPage,
  SuppressionRequest,
  SuppressionsQuery,
  SuppressionView,
} from './suppression.schema.js';

const DEFAULT_LIMIT = 50;
/** Rows of the export read at once; the next are read when these are on their way. */
const EXPORT_ROWS = 500;
const REVOCABLE = SUPPRESSION_REASONS.filter((reason) => !IRREVOCABLE.has(reason));

/** What operators do with the list: look, add, take back, carry it elsewhere. Each change is written with its audit entry. */
@Injectable()
export class SuppressionList {
  constructor(
    @Inject(WorkPool) private readonly pool: WorkPool,
    @Inject(ChannelRegistry) private readonly channels: ChannelRegistry,
    @Inject(Suppressions) private readonly suppressions: Suppressions,
    @Inject(SuppressionsReader) private readonly reader: SuppressionsReader,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(DatabaseClock) private readonly clock: DatabaseClock,
  ) {}

  /** Newest first. Throws Problem `invalid_request`. */
  async list(query: SuppressionsQuery, isMasked: boolean): Promise<SuppressionPage> {
    const faults: Fault[] = [];
    const before = query.cursor === undefined ? undefined : fromPublicId('suppression', query.cursor);
    if (query.cursor !== undefined && before === undefined)
      faults.push({ path: '/cursor', message: 'is no cursor of this list' });
    const address = this.askedAddress(query, faults);
    if (faults.length > 0) throw wrong(faults);
    const limit = query.limit ?? DEFAULT_LIMIT;
    const { channel, reason } = query;
    const rows = await this.reader.list({ channel, reason, address, before, limit: limit + 1 });
    const items = rows.slice(0, limit).map((row) => toView(row, isMasked));
    return { items, next_cursor: rows.length > limit ? items.at(-1)!.id : null };
  }

  /** All or none. Throws Problem `invalid_request` with every item that is wrong. */
  async add(request: SuppressionRequest, apiKeyId: string): Promise<AddedSuppressions> {
    const wanted = this.suppressionsIn(request);
    return inTransaction(this.pool, async (tx) => {
      const { added, ids } = await this.suppressions.addAndFind(tx, wanted);
      const publicIds = ids.map((id) => toPublicId('suppression', id));
      await this.audit.record(tx, {
        apiKeyId,
        action: 'suppression.add',
        target: request.items ? 'suppressions' : publicIds[0]!,
        after: { asked: wanted.length, added },
      });
      return { added, ids: publicIds };
    });
  }

  /** Throws Problem `not_found`, or `wrong_state` for a word that nobody here may take back. */
  async remove(publicId: string, apiKeyId: string): Promise<void> {
    const id = fromPublicId('suppression', publicId);
    if (id === undefined) throw notFound();
    await inTransaction(this.pool, async (tx) => {
      const removed = await this.suppressions.removeOne(tx, id, REVOCABLE);
      if (!removed) {
        const reason = await this.suppressions.reasonOf(tx, id);
        throw reason === undefined ? notFound() : irrevocable(reason);
      }
      await this.audit.record(tx, {
        apiKeyId,
        action: 'suppression.remove',
        target: publicId,
        before: removed,
      });
    });
  }

  /** Everything in force, newest first, a line of JSON each, in the form that `items` takes. */
  async *export(apiKeyId: string): AsyncGenerator<string> {
    await inTransaction(this.pool, (tx) =>
      this.audit.record(tx, { apiKeyId, action: 'suppression.export', target: 'suppressions' }),
    );
    for (let before: string | undefined; ;) {
      const rows = await this.reader.list({ before, limit: EXPORT_ROWS });
      yield rows.map((row) => `${JSON.stringify(toView(row, false))}\n`).join('');
      if (rows.length < EXPORT_ROWS) return;
      before = rows.at(-1)!.id;
    }
  }

  private askedAddress(query: SuppressionsQuery, faults: Fault[]): string | undefined {
    if (query.address === undefined) return undefined;
    if (query.channel === undefined) {
      faults.push({ path: '/address', message: 'needs channel beside it' });
      return undefined;
    }
    const parsed = this.channels.channel(query.channel).parseAddress(query.address);
    if ('address' in parsed) return parsed.address;
    faults.push({ path: '/address', message: parsed.fault });
    return undefined;
  }

  private suppressionsIn({ items, ...single }: SuppressionRequest): Suppression[] {
    if (items && Object.keys(single).length > 0)
      throw wrong([{ path: '/items', message: 'stands alone: no other field beside it' }]);
    const faults: Fault[] = [];
    const wanted = items
      ? items.map((item, i) => this.suppressionOf(item, 'import', `/items/${i}`, faults))
      : [this.suppressionOf(wholeItem(single), 'api', '', faults)];
    if (faults.length > 0) throw wrong(faults);
    return wanted;
  }

  private suppressionOf(item: SuppressionItem, source: string, path: string, faults: Fault[]): Suppression {
    const { channel, reason = 'manual', type } = item;
    const parsed = this.channels.channel(channel).parseAddress(item.address);
    if ('fault' in parsed) faults.push({ path: `${path}/address`, message: parsed.fault });
    if (type !== undefined && reason !== 'unsubscribe' && reason !== 'manual')
      faults.push({ path: `${path}/type`, message: 'stands beside unsubscribe and manual alone' });
    const expiresAt = item.expires_at === undefined ? undefined : new Date(item.expires_at);
    if (expiresAt && expiresAt.getTime() <= this.clock.nowMs())
      faults.push({ path: `${path}/expires_at`, message: 'has passed already' });
    return { channel, address: 'address' in parsed ? parsed.address : '', reason, type, source, expiresAt };
  }
}

/** Throws Problem `invalid_request` when one is asked for and not named. */
function wholeItem(single: Omit<SuppressionRequest, 'items'>): SuppressionItem {
  const { channel, address } = single;
  if (channel !== undefined && address !== undefined) return { ...single, channel, address };
  const missing = [
    ...(channel === undefined ? ['/channel'] : []),
    ...(address === undefined ? ['/address'] : []),
  ];
  throw wrong(missing.map((path) => ({ path, message: 'is required' })));
}

function toView(row: ReadSuppression, isMasked: boolean): SuppressionView {
  return {
    id: toPublicId('suppression', row.id),
    channel: row.channel,
    address: row.address !== null && isMasked ? maskedAddress(row.address) : row.address,
    reason: row.reason,
    type: row.type === '' ? null : row.type,
    source: row.source,
    notification_id: row.notificationId && toPublicId('notification', row.notificationId),
    created_at: row.createdAt.toISOString(),
    expires_at: row.expiresAt?.toISOString() ?? null,
  };
}

const wrong = (errors: Fault[]): Problem =>
  new Problem('invalid_request', 'Some fields are missing or wrong; each is named in `errors`.', { errors });

const irrevocable = (reason: string): Problem =>
  new Problem(
    'wrong_state',
    `Its reason is ${reason}: only the recipient can take that back${reason === 'stop' ? ', by START' : ''}.`,
  );

const notFound = (): Problem => new Problem('not_found', 'There is no suppression with this id.');
