import { Global, Inject, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';

import { LeaseService } from '../dispatch/lease.service.js';

/** The sign of life of every process: begun before it takes work, ended after its last outcome. */
@Global()
@Module({ providers: [LeaseService], exports: [LeaseService] })
export class LeaseModule implements OnModuleInit, OnApplicationShutdown {
  constructor(@Inject(LeaseService) private readonly lease: LeaseService) {}

  async onModuleInit(): Promise<void> {
    await this.lease.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.lease.stop();
  }
}
