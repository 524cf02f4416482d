import { randomBytes } from 'node:crypto';

import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThan, type Repository } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';

import { fromPublicId, toPublicId } from '../domain/public-id.js';
import { parseDurationMs } from '../platform/config/units.js';
import { Sealer } from '../platform/crypto/sealer.js';
import { AddressFilter } from '../platform/http/address-filter.js';
import { OWN_HEADER } from '../platform/http/own-headers.js';
import { Problem } from '../platform/http/problem.js';
import { checkWebhookUrl } from '../platform/http/webhook-url.js';
import { EndpointDirectory } from './endpoint-directory.service.js';
import { EndpointEntity } from './endpoint.entity.js';
import type { EndpointQuery, EndpointRequest, EndpointView } from './endpoint.schema.js';

/** Standard Webhooks asks for 24 to 64 random bytes. */
const SECRET_BYTES = 32;
const DEFAULT_LIMIT = 50;
const UNIQUE_VIOLATION = '23505';

/** Subscribers' endpoints: created, read, listed, deleted. Deliveries read them through EndpointDirectory. */
@Injectable()
export class Endpoints {
  constructor(
    @InjectRepository(EndpointEntity) private readonly repository: Repository<EndpointEntity>,
    @Inject(Sealer) private readonly sealer: Sealer,
    @Inject(AddressFilter) private readonly filter: AddressFilter,
    @Inject(EndpointDirectory) private readonly directory: EndpointDirectory,
  ) {}

  /** Throws Problem `invalid_request` for a URL that may not be called, `idempotency_conflict` for a uid that is taken. */
  async create(request: EndpointRequest): Promise<EndpointView & { secret: string }> {
    const url = this.checkedUrl(request.url);
    refuseReservedHeaders(request.headers ?? {});
    const id = uuidv7();
    const secret = `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
    const entity = this.repository.create({
      id,
      uid: request.uid ?? null,
      recipient: request.recipient ?? null,
      url,
      types: request.types,
      description: request.description ?? null,
      headers: request.headers ? this.sealer.seal(JSON.stringify(request.headers), id) : null,
      rateLimit: request.rate_limit ?? null,
      timeoutMs: request.timeout === undefined ? null : parseDurationMs(request.timeout)!,
      enabled: request.enabled ?? true,
      secret: this.sealer.seal(secret, id),
    });
    await this.insert(entity);
    return { ...this.view(entity), secret };
  }

  async get(publicId: string): Promise<EndpointView> {
    return this.view(await this.entity(publicId));
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
    const items = rows.slice(0, limit).map((row) => this.view(row));
    return { items, next_cursor: rows.length > limit ? items.at(-1)!.id : null };
  }

  /** What still waits for it ends in the dead letters, as `endpoint_deleted`. Deleting twice is a 404. */
  async delete(publicId: string): Promise<void> {
    const id = idOf(publicId);
    const { affected } = await this.repository.delete({ id });
    this.directory.forget(id);
    if (affected !== 1) throw notFound();
  }

  private async insert(entity: EndpointEntity): Promise<void> {
    try {
      await this.repository.insert(entity);
    } catch (error) {
      if ((error as { code?: string }).code !== UNIQUE_VIOLATION) throw error;
      throw new Problem('idempotency_conflict', 'Another endpoint has this uid.', {
        errors: [{ path: '/uid', message: 'is taken' }],
      });
    }
  }

  private async entity(publicId: string): Promise<EndpointEntity> {
    const entity = await this.repository.findOneBy({ id: idOf(publicId) });
    if (!entity) throw notFound();
    return entity;
  }

  private checkedUrl(text: string): string {
    const checked = checkWebhookUrl(text, this.filter);
    if ('url' in checked) return checked.url.href;
    throw new Problem('invalid_request', 'This URL cannot be called.', {
      errors: [{ path: '/url', message: checked.fault }],
    });
  }

  private view(entity: EndpointEntity): EndpointView {
    const headers = entity.headers
      ? (JSON.parse(this.sealer.open(entity.headers, entity.id).toString('utf8')) as Record<string, string>)
      : {};
    return {
      id: toPublicId('endpoint', entity.id),
      uid: entity.uid,
      recipient: entity.recipient,
      url: entity.url,
      types: entity.types,
      description: entity.description,
      headers,
      rate_limit: entity.rateLimit,
      timeout: entity.timeoutMs === null ? null : `${entity.timeoutMs}ms`,
      enabled: entity.enabled,
      created_at: entity.createdAt.toISOString(),
      updated_at: entity.updatedAt.toISOString(),
    };
  }
}

function refuseReservedHeaders(headers: Record<string, string>): void {
  const errors = Object.keys(headers)
    .filter((name) => OWN_HEADER.test(name))
    .map((name) => ({ path: `/headers/${name}`, message: 'is set by the service' }));
  if (errors.length > 0)
    throw new Problem('invalid_request', 'Some headers cannot be overridden.', { errors });
}

function idOf(publicId: string): string {
  const id = fromPublicId('endpoint', publicId);
  if (id === undefined) throw notFound();
  return id;
}

const notFound = (): Problem => new Problem('not_found', 'There is no endpoint with this id.');
const wrongCursor = (): Problem =>
  new Problem('invalid_request', 'This cursor is none of ours.', {
    errors: [{ path: '/cursor', message: 'is not a next_cursor' }],
  });
