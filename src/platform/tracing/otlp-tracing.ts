import {
  type Context,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Tracer,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';

import { CountedExporter, type OnExport } from './counted-exporter.js';
import { PrescribedIds } from './prescribed-ids.js';
import { partsOf, writeTraceparent } from './traceparent.js';
import { type OpenSpan, type SpanEnd, type SpanStart, Tracing } from './tracing.js';

/** A collector that hangs costs the spans of one batch at a time, never more memory than the queue of the SDK (2,048 spans). */
const EXPORT_MS = 5_000;
/** Part of the shutdown's grace: by then everything that matters is done. */
const FLUSH_MS = 2_000;

const KINDS: Record<SpanStart['kind'], SpanKind> = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  consumer: SpanKind.CONSUMER,
};

export interface OtlpOptions {
  /** Base URL of the collector. */
  endpoint: string;
  serviceName: string;
  version: string;
  /** What became of a batch of spans. */
  onExport: OnExport;
}

/**
 * Spans, sent by OTLP over HTTP as JSON, in batches, in the background. What the SDK reads from the environment by itself
 * (sampler, batches, headers of the collector) holds. Loaded only when it is wanted.
 */
export class OtlpTracing extends Tracing {
  readonly isOn = true;
  private readonly ids = new PrescribedIds();
  private readonly provider: BasicTracerProvider;
  private readonly tracer: Tracer;

  constructor({ endpoint, serviceName, version, onExport }: OtlpOptions) {
    super();
    const exporter = new OTLPTraceExporter({
      url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
      timeoutMillis: EXPORT_MS,
    });
    this.provider = new BasicTracerProvider({
      resource: resourceFromAttributes({ 'service.name': serviceName, 'service.version': version }),
      idGenerator: this.ids,
      spanProcessors: [
        new BatchSpanProcessor(new CountedExporter(exporter, onExport), { exportTimeoutMillis: EXPORT_MS }),
      ],
    });
    this.tracer = this.provider.getTracer('posthaste', version);
  }

  begin({ name, kind, parent, traceId, spanId, follows, startedAt, facts }: SpanStart): OpenSpan {
    this.ids.prescribe({ traceId, spanId });
    const span = this.tracer.startSpan(
      name,
      {
        kind: KINDS[kind],
        ...(facts ? { attributes: facts } : {}),
        ...(startedAt ? { startTime: startedAt } : {}),
        links: (follows ?? []).map((one) => ({ context: contextOf(one) })),
      },
      parent === null ? ROOT_CONTEXT : childOf(parent),
    );
    const own = span.spanContext();
    return {
      traceparent: writeTraceparent(own.traceId, own.spanId, (own.traceFlags & TraceFlags.SAMPLED) !== 0),
      end: ({ facts: more, fault, endedAt }: SpanEnd = {}) => {
        if (more) span.setAttributes(more);
        if (fault !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: fault });
        span.end(endedAt);
      },
    };
  }

  async stop(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, FLUSH_MS)));
    // What the collector does not take now is lost, and counted: traces are no record.
    await Promise.race([this.provider.shutdown().catch(() => undefined), late]);
    clearTimeout(timer);
  }
}

const contextOf = (traceparent: string): SpanContext => {
  const { traceId, spanId, isSampled } = partsOf(traceparent);
  return {
    traceId,
    spanId,
    traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
  };
};

const childOf = (traceparent: string): Context => trace.setSpanContext(ROOT_CONTEXT, contextOf(traceparent));
