import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThan, type Repository } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';

import { fromPublicId, toPublicId } from '../domain/public-id.js';
import { Sealer } from '../platform/crypto/sealer.js';
import { Problem } from '../platform/http/problem.js';
import { endpointIdOf, noEndpoint } from './endpoint-id.js';
import { newSecret, newSigningPair } from './endpoint-keys.js';
import { EndpointSwitch } from './endpoint-switch.service.js';
import { EndpointTerms } from './endpoint-terms.js';
import { EndpointEntity } from './endpoint.entity.js';
import type { EndpointQuery, EndpointRequest, EndpointView } from './endpoint.schema.js';
import { toEndpointView } from './endpoint.view.js';

const DEFAULT_LIMIT = 50;
const UNIQUE_VIOLATION = '23505';

/** Subscribers' endpoints: created, read, listed. Deliveries read them through EndpointDirectory. */
@Injectable()
export class Endpoints {
  constructor(
    @InjectRepository(EndpointEntity) private readonly repository: Repository<EndpointEntity>,
    @Inject(Sealer) private readonly sealer: Sealer,
    @Inject(EndpointTerms) private readonly terms: EndpointTerms,
    @Inject(EndpointSwitch) private readonly endpointSwitch: EndpointSwitch,
  ) {}

  /** Throws Problem `invalid_request` for terms that cannot be, `idempotency_conflict` for a uid that is taken. */
  async create(request: EndpointRequest): Promise<EndpointView & { secret: string }> {
    const id = uuidv7();
    const secret = newSecret();
    const pair = request.asymmetric === true ? newSigningPair() : undefined;
    const isOn = request.enabled ?? true;
    const entity = this.repository.create({
      ...NOTHING_SAID,
      ...this.terms.columnsOf(request, id),
      id,
      uid: request.uid ?? null,
      recipient: request.recipient ?? null,
      enabled: isOn,
      disabledAt: isOn ? null : new Date(),
      disabledReason: isOn ? null : 'owner',
      secret: this.sealer.seal(secret, id),
      signingKey: pair ? this.sealer.seal(pair.signingKey, id) : null,
      publicKey: pair?.publicKey ?? null,
    });
    await (isOn ? this.insert(entity) : this.insertOff(entity));
    return { ...toEndpointView(entity, this.sealer), secret };
  }

  async get(publicId: string): Promise<EndpointView> {
    return toEndpointView(await this.entity(publicId), this.sealer);
  }

  async secret(publicId: string): Promise<string> {
    const entity = await this.entity(publicId);
    return this.sealer.open(entity.secret, entity.id).toString('utf8');
  }

  /** Newest first, by keyset on the id. */
  async list(query: EndpointQuery): Promise<{ items: EndpointView[]; next_cursor: string | null }> {
    const limit = query.limit ?? DEFAULT_LIMIT;
    const after = query.cursor === undefined ? undefined : fromPublicId('endpoint', query.cursor);
    if (query.cursor !== undefined && after === undefined) throw wrongCursor();
    const rows = await this.repository.find({
      where: {
        ...(after === undefined ? {} : { id: LessThan(after) }),
        ...(query.recipient === undefined ? {} : { recipient: query.recipient }),
        ...(query.uid === undefined ? {} : { uid: query.uid }),
      },
      order: { id: 'DESC' },
      take: limit + 1,
    });
    const items = rows.slice(0, limit).map((row) => toEndpointView(row, this.sealer));
    return { items, next_cursor: rows.length > limit ? items.at(-1)!.id : null };
  }

  private async entity(publicId: string): Promise<EndpointEntity> {
    const entity = await this.repository.findOneBy({ id: endpointIdOf(publicId) });
    if (!entity) throw noEndpoint();
    return entity;
  }

  /** Its gate is closed before it is there, so nothing meant for it can slip out in between. */
  private async insertOff(entity: EndpointEntity): Promise<void> {
    await this.endpointSwitch.holdFor(entity.id, 'owner');
    try {
      await this.insert(entity);
    } catch (error) {
      await this.endpointSwitch.letGo(entity.id);
      throw error;
    }
  }

  private async insert(entity: EndpointEntity): Promise<void> {
    try {
      await this.repository.insert(entity);
    } catch (error) {
      if ((error as { code?: string }).code !== UNIQUE_VIOLATION) throw error;
      throw await this.uidTaken(entity.uid!);
    }
  }

  private async uidTaken(uid: string): Promise<Problem> {
    const holder = await this.repository.findOneBy({ uid });
    return new Problem('idempotency_conflict', 'Another endpoint has this uid.', {
      errors: [{ path: '/uid', message: 'is taken' }],
      ...(holder ? { extensions: { id: toPublicId('endpoint', holder.id) } } : {}),
    });
  }
}

/** What a column holds when the caller said nothing. */
const NOTHING_SAID = {
  description: null,
  headers: null,
  rateLimit: null,
  ratePerSecond: null,
  concurrency: null,
  timeoutMs: null,
  failingSince: null,
} as const;

const wrongCursor = (): Problem =>
  new Problem('invalid_request', 'This cursor is none of ours.', {
    errors: [{ path: '/cursor', message: 'is not a next_cursor' }],
  });
