import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

import { tokensIn } from '../../domain/token-bucket.js';
import type { Caller } from '../auth/api-keys.service.js';
import { Config } from '../config/config.js';
import type { Quota } from '../config/units.js';
import { Problem } from './problem.js';

/** API keys whose buckets are kept; beyond, all begin full again. */
const MAX_KEPT = 10_000;

interface Bucket {
  tokens: number;
  /** This process's monotonic clock, ms. */
  at: number;
}

/**
 * What each API key may ask of this process: a token bucket in memory, which a request spends one token of and each further
 * item of a batch another. It holds what the rate names (`100/m`: a hundred at once, then one in 600 ms).
 *
 * Every process counts for itself: with four of them behind a balancer a key has up to four times its rate. A count in
 * PostgreSQL would cost each request a round trip, to protect what costs less than that. What one batch takes beyond the
 * bucket is a debt, which the requests after it wait for: it is taken whole or not at all.
 */
@Injectable()
export class CallerRates {
  private readonly buckets = new Map<string, Bucket>();

  constructor(@Inject(Config) private readonly config: Config) {}

  /** Throws Problem `rate_limited` when the bucket is empty. Tells the caller by the headers how it stands. */
  spend(caller: Caller, reply: FastifyReply): void {
    const quota = caller.rate ?? this.config.file.limits.rate;
    if (!quota) return;
    const bucket = this.bucketOf(caller.keyId, quota);
    const isAllowed = bucket.tokens >= 1;
    if (isAllowed) bucket.tokens -= 1;
    tell(reply, quota, bucket);
    if (!isAllowed) throw tooMany(quota, bucket);
  }

  /** What a request turned out to hold beyond the one that is spent already. */
  spendMore(caller: Caller, more: number, reply: FastifyReply): void {
    const quota = caller.rate ?? this.config.file.limits.rate;
    if (!quota || more <= 0) return;
    const bucket = this.bucketOf(caller.keyId, quota);
    bucket.tokens -= more;
    tell(reply, quota, bucket);
  }

  private bucketOf(keyId: string, quota: Quota): Bucket {
    const now = performance.now();
    const known = this.buckets.get(keyId);
    if (!known && this.buckets.size >= MAX_KEPT) this.buckets.clear();
    const level = known && { tokens: known.tokens, idleMs: now - known.at };
    const bucket = { tokens: tokensIn(level, perSecond(quota), quota.count), at: now };
    this.buckets.set(keyId, bucket);
    return bucket;
  }
}

const perSecond = ({ count, windowS }: Quota): number => count / windowS;

/** Seconds until the bucket holds so many. */
const untilS = (tokens: number, quota: Quota, bucket: Bucket): number =>
  Math.max(0, Math.ceil((tokens - bucket.tokens) / perSecond(quota)));

/** draft-ietf-httpapi-ratelimit-headers: q in w seconds; r are left, and in t seconds it is full again. */
function tell(reply: FastifyReply, quota: Quota, bucket: Bucket): void {
  void reply
    .header('ratelimit-policy', `"key";q=${quota.count};w=${quota.windowS}`)
    .header(
      'ratelimit',
      `"key";r=${Math.max(0, Math.floor(bucket.tokens))};t=${untilS(quota.count, quota, bucket)}`,
    );
}

const tooMany = (quota: Quota, bucket: Bucket): Problem =>
  new Problem(
    'rate_limited',
    `This API key may ask for ${quota.count} in ${quota.windowS} s. Nothing was done: send it again later.`,
    { retryAfterS: Math.max(1, untilS(1, quota, bucket)) },
  );
