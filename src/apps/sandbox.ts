import { type DynamicModule, Module } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';

import type { Role } from '../platform/config/environment.js';
import { type ProviderConfig, toProvider } from '../platform/config/posthaste-file.js';
import type { Sealer } from '../platform/crypto/sealer.js';
import { Catchers } from '../sandbox/catchers.js';
import { FaultsStore } from '../sandbox/faults.store.js';
import { HookCatcher } from '../sandbox/hook-catcher.js';
import { hookRoutes } from '../sandbox/hook-routes.js';
import { SandboxPageController } from '../sandbox/sandbox-page.controller.js';
import { NO_CATCHERS, sandboxProviders } from '../sandbox/sandbox-providers.js';
import { SandboxController } from '../sandbox/sandbox.controller.js';
import { SandboxStore } from '../sandbox/sandbox.store.js';

@Module({})
class SandboxModule {}

/** The sandbox of one process: catchers where it sends, pages and hooks where it answers. */
export class Sandbox {
  private readonly store: SandboxStore;
  private readonly faults: FaultsStore;
  private readonly catchers: Catchers | undefined;

  constructor(
    private readonly pool: Pool,
    private readonly sealer: Sealer,
    private readonly roles: readonly Role[],
  ) {
    this.store = new SandboxStore(pool);
    this.faults = new FaultsStore(pool);
    this.catchers = roles.includes('worker') ? new Catchers(this.store, this.faults) : undefined;
  }

  /** Starts what catches, and answers the providers that lead there. */
  async start(): Promise<ProviderConfig[]> {
    const addresses = (await this.catchers?.start()) ?? NO_CATCHERS;
    return sandboxProviders(addresses).map(toProvider);
  }

  /** After the last call. */
  async stop(): Promise<void> {
    await this.catchers?.stop();
  }

  module(): DynamicModule {
    return {
      module: SandboxModule,
      controllers: this.roles.includes('api') ? [SandboxController, SandboxPageController] : [],
      providers: [
        { provide: SandboxStore, useValue: this.store },
        { provide: FaultsStore, useValue: this.faults },
      ],
    };
  }

  /** The webhook catcher, on the server itself: it needs the bytes as they came. */
  async registerHooks(fastify: FastifyInstance): Promise<void> {
    if (!this.roles.includes('api')) return;
    const catcher = new HookCatcher(this.store, this.faults, (url) => this.secretsOf(url));
    await fastify.register(hookRoutes(catcher));
  }

  private async secretsOf(url: string): Promise<string[]> {
    const { rows } = await this.pool.query<{ id: string; secret: Buffer }>(
      `SELECT id, secret FROM endpoints WHERE url = $1`,
      [url],
    );
    return rows.map(({ id, secret }) => this.sealer.open(secret, id).toString('utf8'));
  }
}
