import { type IdGenerator, RandomIdGenerator } from '@opentelemetry/sdk-trace-base';

/** Draws ids, except those that the very next span was told: an attempt's id is known to the attempts after it. */
export class PrescribedIds implements IdGenerator {
  private readonly random = new RandomIdGenerator();
  private given: { traceId?: string | undefined; spanId?: string | undefined } = {};

  /** For the span that is started right after, with nothing in between. */
  prescribe(ids: { traceId?: string | undefined; spanId?: string | undefined }): void {
    this.given = ids;
  }

  readonly generateTraceId = (): string => this.given.traceId ?? this.random.generateTraceId();
  readonly generateSpanId = (): string => this.given.spanId ?? this.random.generateSpanId();
}
