import { Inject, Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';

import { Sealer } from '../platform/crypto/sealer.js';
import { WorkPool } from '../platform/database/pools.js';
import { inTransaction } from '../platform/database/transaction.js';
import { DIRECTORY_CACHE_MS, EndpointDirectory } from './endpoint-directory.service.js';
import { endpointIdOf, noEndpoint } from './endpoint-id.js';
import { newSigningPair } from './endpoint-keys.js';
import { EndpointSwitch } from './endpoint-switch.service.js';
import { EndpointTerms } from './endpoint-terms.js';
import type { EndpointPatch } from './endpoint.schema.js';
import { recordChange } from './sql/record-change.js';
import {
  deleteEndpoint,
  type EndpointColumns,
  judgeAnew,
  type LockedEndpoint,
  lockEndpoint,
  updateEndpoint,
} from './sql/update-endpoint.js';

/**
 * What an owner changes: terms, the switch, the end. Each is one commit under the endpoint's lock, with its entry in
 * `endpoint_changes`; workers feel it within the directory's two seconds.
 */
@Injectable()
export class EndpointChanges {
  constructor(
    @Inject(WorkPool) private readonly pool: WorkPool,
    @Inject(Sealer) private readonly sealer: Sealer,
    @Inject(EndpointTerms) private readonly terms: EndpointTerms,
    @Inject(EndpointSwitch) private readonly endpointSwitch: EndpointSwitch,
    @Inject(EndpointDirectory) private readonly directory: EndpointDirectory,
  ) {}

  /** Throws Problem `invalid_request` with every fault, `not_found`. */
  async patch(publicId: string, patch: EndpointPatch, apiKeyId: string): Promise<void> {
    const id = endpointIdOf(publicId);
    const columns = this.terms.columnsOf(patch, id);
    await this.change(id, async (tx, before) => {
      const all = { ...columns, ...this.signingColumns(id, patch.asymmetric, before) };
      if (Object.keys(all).length > 0) await this.update(tx, id, all, Object.keys(patch), apiKeyId);
      if (columns.url !== undefined && columns.url !== before.url) await this.moveTo(tx, id, before);
      if (patch.enabled === false) await this.endpointSwitch.off(tx, id, 'owner', apiKeyId);
      if (patch.enabled === true) await this.endpointSwitch.on(tx, id, apiKeyId);
    });
  }

  /** Enabling what is enabled changes nothing. */
  async enable(publicId: string, apiKeyId: string): Promise<void> {
    const id = endpointIdOf(publicId);
    await this.change(id, async (tx) => void (await this.endpointSwitch.on(tx, id, apiKeyId)));
  }

  /** What still waits for it ends in the dead letters, as `endpoint_deleted`. Deleting twice is a 404. */
  async delete(publicId: string, apiKeyId: string): Promise<void> {
    const id = endpointIdOf(publicId);
    await this.change(id, async (tx) => {
      await deleteEndpoint(tx, id);
      await this.endpointSwitch.letGo(id, tx); // what waits goes out, and finds nobody
      await recordChange(tx, { endpointId: id, change: 'deleted', reason: null, apiKeyId });
    });
  }

  private async change(
    id: string,
    work: (tx: PoolClient, before: LockedEndpoint) => Promise<void>,
  ): Promise<void> {
    await inTransaction(this.pool, async (tx) => {
      const before = await lockEndpoint(tx, id);
      if (!before) throw noEndpoint();
      await work(tx, before);
    });
    this.directory.forget(id);
  }

  private async update(
    tx: PoolClient,
    id: string,
    columns: EndpointColumns,
    fields: string[],
    apiKeyId: string,
  ): Promise<void> {
    await updateEndpoint(tx, id, columns);
    await recordChange(tx, { endpointId: id, change: 'updated', reason: fields.join(', '), apiKeyId });
  }

  private async moveTo(tx: PoolClient, id: string, { enabled }: LockedEndpoint): Promise<void> {
    await judgeAnew(tx, id, DIRECTORY_CACHE_MS);
    if (enabled) await this.endpointSwitch.letGo(id, tx);
  }

  /** A key pair is made once and kept; asking for what is there changes nothing. */
  private signingColumns(
    id: string,
    asymmetric: boolean | undefined,
    { signingKey }: LockedEndpoint,
  ): EndpointColumns {
    if (asymmetric === undefined || asymmetric === (signingKey !== null)) return {};
    if (!asymmetric) return { signingKey: null, publicKey: null };
    const pair = newSigningPair();
    return { signingKey: this.sealer.seal(pair.signingKey, id), publicKey: pair.publicKey };
  }
}
