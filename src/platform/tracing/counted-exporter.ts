import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';

/** `fault`: why they are lost; undefined: the collector has them. */
export type OnExport = (spans: number, fault: Error | undefined) => void;

type Done = Parameters<SpanExporter['export']>[1];
/** As the SDK writes success (`ExportResultCode`), which it keeps in a package of its own. */
const SUCCESS = 0;

/** Says what became of each batch: the SDK itself is silent when a collector is away. */
export class CountedExporter implements SpanExporter {
  constructor(
    private readonly inner: SpanExporter,
    private readonly onExport: OnExport,
  ) {}

  export(spans: ReadableSpan[], done: Done): void {
    this.inner.export(spans, (result) => {
      const fault = result.error ?? new Error('The collector did not take them');
      this.onExport(spans.length, (result.code as number) === SUCCESS ? undefined : fault);
      done(result);
    });
  }

  forceFlush(): Promise<void> {
    return this.inner.forceFlush?.() ?? Promise.resolve();
  }

  shutdown(): Promise<void> {
    return this.inner.shutdown();
  }
}
