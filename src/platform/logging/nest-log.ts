import type { LoggerService } from '@nestjs/common';

import type { Log } from './log.js';

/** Nest's own words: its start-up is not our story, its errors are. */
export class NestLog implements LoggerService {
  constructor(private readonly own: Log) {}

  log(message: unknown): void {
    this.own.debug(String(message));
  }

  warn(message: unknown): void {
    this.own.warn('framework.warned', { message: String(message) });
  }

  error(message: unknown, stack?: unknown): void {
    this.own.error('framework.failed', {
      message: String(message),
      stack: typeof stack === 'string' ? stack : undefined,
    });
  }
}
