import { Injectable } from '@nestjs/common';
import { type Logger, pino } from 'pino';

import { standardOutput } from './line-gatherer.js';
import { mask } from './mask.js';

type Fields = Record<string, unknown>;

/** Fields whose names promise a secret or an address are dropped whole, whatever they hold. */
const SECRET_FIELDS = ['authorization', 'password', 'secret', 'token', 'recipient', 'to', 'data', 'payload'];

/**
 * JSON lines on stdout: `event` is noun.past_verb, fields are flat, text is masked. Every line goes through here.
 */
@Injectable()
export class Log {
  private readonly pino: Logger;

  constructor(level: string, fields: Fields = {}) {
    this.pino = pino(
      {
        level,
        base: fields,
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
        redact: { paths: SECRET_FIELDS, censor: '***' },
        serializers: { err: describeError },
      },
      standardOutput,
    );
  }

  info(event: string, fields: Fields = {}): void {
    this.pino.info(masked(fields), mask(event));
  }

  warn(event: string, fields: Fields = {}): void {
    this.pino.warn(masked(fields), mask(event));
  }

  error(event: string, fields: Fields = {}): void {
    this.pino.error(masked(fields), mask(event));
  }

  debug(event: string, fields: Fields = {}): void {
    this.pino.debug(masked(fields), mask(event));
  }

  /** Writes what is buffered; call before the process ends. */
  flush(): void {
    standardOutput.flushSync();
  }
}

function masked(fields: Fields): Fields {
  const clean: Fields = {};
  for (const key of Object.keys(fields)) {
    const value = fields[key];
    clean[key] = typeof value === 'string' ? mask(value) : value;
  }
  return clean;
}

interface Described {
  name: string;
  code?: string;
  message: string;
  stack?: string;
  cause?: Described;
}

function describeError(error: unknown): Described {
  if (!(error instanceof Error)) return { name: 'thrown', message: mask(String(error)) };
  const code = (error as { code?: unknown }).code;
  return {
    name: error.name,
    message: mask(error.message),
    ...(typeof code === 'string' ? { code } : {}),
    ...(error.stack ? { stack: mask(error.stack) } : {}),
    ...(error.cause instanceof Error ? { cause: describeError(error.cause) } : {}),
  };
}
