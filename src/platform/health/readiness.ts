import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { pendingMigrations } from '../database/migrations.js';

/** One thing this process cannot work without. Throws when it is not there. */
export interface ReadinessCheck {
  name: string;
  /** False: said, but no reason to send nobody here. The door takes requests whatever became of the queue. */
  isRequired?: boolean;
  ask: () => Promise<unknown>;
}

export const READINESS_CHECKS = Symbol('readiness checks');
const DEADLINE_MS = 2_000;

/** Asks everything this process depends on; says for each `ok` or, in one word, what is wrong. */
@Injectable()
export class Readiness {
  private isStopping = false;

  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(READINESS_CHECKS) private readonly more: readonly ReadinessCheck[],
  ) {}

  /** From now on: not ready, so that a load balancer stops sending before the doors close. */
  beginShutdown(): void {
    this.isStopping = true;
  }

  /** What was asked, and `ok` or what is wrong; whether all that is required is there. */
  async check(): Promise<{ isReady: boolean; checks: Record<string, string> }> {
    if (this.isStopping) return { isReady: false, checks: { process: 'is shutting down' } };
    const checks: ReadinessCheck[] = [
      { name: 'postgresql', ask: () => this.dataSource.query('SELECT 1') },
      { name: 'migrations', ask: () => this.assertMigrated() },
      ...this.more,
    ];
    const answers = await Promise.all(checks.map(answerOf));
    return {
      isReady: checks.every(({ isRequired = true }, i) => !isRequired || answers[i] === 'ok'),
      checks: Object.fromEntries(checks.map(({ name }, i) => [name, answers[i]!])),
    };
  }

  private async assertMigrated(): Promise<void> {
    if ((await pendingMigrations(this.dataSource)).length > 0)
      throw new Error('pending: run npm run migrate');
  }
}

async function answerOf({ ask }: ReadinessCheck): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('does not answer'), DEADLINE_MS);
  });
  const asked = ask().then(
    () => 'ok',
    (error: unknown) =>
      error instanceof Error && error.message.startsWith('pending') ? error.message : 'cannot be reached',
  );
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}
