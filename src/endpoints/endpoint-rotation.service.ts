import { Inject, Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';

import { parseDurationMs } from '../platform/config/units.js';
import { Sealer } from '../platform/crypto/sealer.js';
import { WorkPool } from '../platform/database/pools.js';
import { inTransaction } from '../platform/database/transaction.js';
import { Problem } from '../platform/http/problem.js';
import { EndpointDirectory } from './endpoint-directory.service.js';
import { endpointIdOf, noEndpoint } from './endpoint-id.js';
import { newSecret, newSigningPair } from './endpoint-keys.js';
import type { RotatedSecret, RotationRequest } from './endpoint.schema.js';
import { recordChange } from './sql/record-change.js';
import { countRetired, retire } from './sql/retire-secrets.js';
import { type LockedEndpoint, lockEndpoint, updateEndpoint } from './sql/update-endpoint.js';

const DEFAULT_OVERLAP = '24h';
const LONGEST_OVERLAP_MS = 7 * 86_400_000;
/** Each signs every delivery; eight are four rotations of a secret and its key pair. */
const MOST_RETIRED = 8;

/**
 * Replaces what signs for an endpoint: its secret and, if it has one, its key pair. Until the overlap is over the old ones
 * sign too, the newest first, so a receiver may change over whenever it likes in that time.
 */
@Injectable()
export class EndpointRotation {
  constructor(
    @Inject(WorkPool) private readonly pool: WorkPool,
    @Inject(Sealer) private readonly sealer: Sealer,
    @Inject(EndpointDirectory) private readonly directory: EndpointDirectory,
  ) {}

  /** Throws Problem `invalid_request` for an overlap of more than a week, `wrong_state` when too many secrets sign. */
  async rotate(publicId: string, request: RotationRequest, apiKeyId: string): Promise<RotatedSecret> {
    const id = endpointIdOf(publicId);
    const overlapMs = checkedOverlapMs(request.overlap ?? DEFAULT_OVERLAP);
    const rotated = await inTransaction(this.pool, async (tx) => {
      const before = await lockEndpoint(tx, id);
      if (!before) throw noEndpoint();
      return this.replace(tx, id, before, overlapMs, apiKeyId);
    });
    this.directory.forget(id);
    return rotated;
  }

  private async replace(
    tx: PoolClient,
    id: string,
    before: LockedEndpoint,
    overlapMs: number,
    apiKeyId: string,
  ): Promise<RotatedSecret> {
    if ((await countRetired(tx, id)) >= MOST_RETIRED && overlapMs > 0) throw tooMany();
    const secret = newSecret();
    const pair = before.signingKey ? newSigningPair() : undefined;
    const old = before.signingKey ? [before.signingKey, before.secret] : [before.secret];
    const until = await retire(tx, id, old, overlapMs);
    await updateEndpoint(tx, id, {
      secret: this.sealer.seal(secret, id),
      ...(pair && {
        signingKey: this.sealer.seal(pair.signingKey, id),
        publicKey: pair.publicKey,
      }),
    });
    await recordChange(tx, { endpointId: id, change: 'rotated', reason: null, apiKeyId });
    return {
      secret,
      public_key: pair?.publicKey ?? null,
      previous_signs_until: until?.toISOString() ?? null,
    };
  }
}

function checkedOverlapMs(text: string): number {
  const overlapMs = parseDurationMs(text)!;
  if (overlapMs <= LONGEST_OVERLAP_MS) return overlapMs;
  throw new Problem('invalid_request', 'The old secret cannot sign that long.', {
    errors: [{ path: '/overlap', message: 'must be at most 7d' }],
  });
}

const tooMany = (): Problem =>
  new Problem(
    'wrong_state',
    'Too many secrets of this endpoint sign already: wait until one ends, or rotate with an overlap of 0s, which ends them all.',
  );
