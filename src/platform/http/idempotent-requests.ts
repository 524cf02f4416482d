import { createHash } from 'node:crypto';

import { Inject, Injectable } from '@nestjs/common';

import { canonicalJson } from '../canonical-json.js';
import { Sealer } from '../crypto/sealer.js';
import { WorkPool } from '../database/pools.js';
import { isUndecided } from '../database/sql-state.js';
import { Problem } from './problem.js';

/** Who asks for what: the key is its caller's own, and means one request to one route. */
export interface KeyedRequest {
  apiKeyId: string;
  /** The header `Idempotency-Key`; undefined: every request is a new one. */
  key: string | undefined;
  /** `POST /v1/endpoints` */
  route: string;
  body: unknown;
}

const KEY = /^[\x21-\x7e]{1,255}$/;
/** How long an answer is remembered. */
const MEMORY = '24 hours';

interface Row {
  isSame: boolean;
  answer: Buffer | null;
}

/** `Idempotency-Key` for requests that create something: the same body gets the same answer for 24 h, another body 409. */
@Injectable()
export class IdempotentRequests {
  constructor(
    @Inject(WorkPool) private readonly pool: WorkPool,
    @Inject(Sealer) private readonly sealer: Sealer,
  ) {}

  /** Runs `create` once for this key. What it throws is not remembered: nothing was created, as far as anybody can know. */
  async run<T>(request: KeyedRequest, create: () => Promise<T>): Promise<T> {
    if (request.key === undefined) return create();
    if (!KEY.test(request.key))
      throw new Problem(
        'invalid_request',
        'The Idempotency-Key must be 1 to 255 printable characters without spaces.',
      );
    const bodyHash = createHash('sha256')
      .update(`${request.route}\0${canonicalJson(request.body)}`)
      .digest();
    const known = await this.begin(request, bodyHash);
    if (known) return this.repeat<T>(request, known);
    const answer = await this.createOrForget(request, create);
    await this.remember(request, answer);
    return answer;
  }

  /**
   * A creation that failed is no answer. One that was made and not remembered keeps its key, and so does one of which nobody
   * knows whether it was made: nobody makes it twice.
   */
  private async createOrForget<T>(request: KeyedRequest, create: () => Promise<T>): Promise<T> {
    try {
      return await create();
    } catch (error) {
      if (!isUndecided(error)) await this.forget(request).catch(() => undefined);
      throw error;
    }
  }

  /** Takes the key for this request, or answers who has it. */
  private async begin({ apiKeyId, key, route }: KeyedRequest, bodyHash: Buffer): Promise<Row | undefined> {
    const taken = await this.pool.query(
      `INSERT INTO idempotent_requests AS known (api_key_id, key, route, body_hash) VALUES ($1, $2, $3, $4)
       ON CONFLICT (api_key_id, key) DO UPDATE
         SET route = excluded.route, body_hash = excluded.body_hash, answer = NULL, created_at = now()
       WHERE known.created_at < now() - interval '${MEMORY}'`,
      [apiKeyId, key, route, bodyHash],
    );
    if (taken.rowCount === 1) return undefined;
    const { rows } = await this.pool.query<Row>(
      `SELECT body_hash = $3 AS "isSame", answer FROM idempotent_requests WHERE api_key_id = $1 AND key = $2`,
      [apiKeyId, key, bodyHash],
    );
    return rows[0] ?? { isSame: true, answer: null };
  }

  private repeat<T>(request: KeyedRequest, { isSame, answer }: Row): T {
    if (!isSame)
      throw new Problem('idempotency_conflict', 'This Idempotency-Key was used for another request.');
    if (answer === null)
      throw new Problem(
        'wrong_state',
        'A request with this key is under way, or ended without an answer: look whether it was made, then use another key.',
        {
          retryAfterS: 1,
        },
      );
    return JSON.parse(this.sealer.open(answer, contextOfAnswer(request)).toString('utf8')) as T;
  }

  /** Sealed: an answer may hold a secret. */
  private async remember(request: KeyedRequest, answer: unknown): Promise<void> {
    await this.pool.query(`UPDATE idempotent_requests SET answer = $3 WHERE api_key_id = $1 AND key = $2`, [
      request.apiKeyId,
      request.key,
      this.sealer.seal(JSON.stringify(answer), contextOfAnswer(request)),
    ]);
  }

  private async forget({ apiKeyId, key }: KeyedRequest): Promise<void> {
    await this.pool.query(
      `DELETE FROM idempotent_requests WHERE api_key_id = $1 AND key = $2 AND answer IS NULL`,
      [apiKeyId, key],
    );
  }
}

/** What a remembered answer is sealed for. */
export const contextOfAnswer = ({ apiKeyId, key }: Pick<KeyedRequest, 'apiKeyId' | 'key'>): string =>
  `idempotent request ${apiKeyId} ${key}`;
