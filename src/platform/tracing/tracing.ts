/** Facts about a span: ids of ours, names of the configuration, words of the code. Never a recipient, never content. */
export type SpanFacts = Record<string, string | number | boolean>;

export interface SpanStart {
  name: string;
  kind: 'internal' | 'server' | 'client' | 'consumer';
  /** The traceparent of what it is part of; null: it begins a trace. */
  parent: string | null;
  /** Of a span that begins a trace; default: drawn. Hex. */
  traceId?: string;
  /** Default: drawn. Hex. */
  spanId?: string;
  /** The spans that came before it. */
  follows?: readonly string[];
  /** Default: now. */
  startedAt?: Date;
  facts?: SpanFacts;
}

export interface SpanEnd {
  facts?: SpanFacts;
  /** A code, when it came to nothing good. */
  fault?: string;
  /** Default: now. */
  endedAt?: Date;
}

export interface OpenSpan {
  /** What is passed on to whoever continues the trace; null: nothing is known of one. */
  readonly traceparent: string | null;
  end(end?: SpanEnd): void;
}

/** Where spans go. Beginning and ending one costs no wait and throws nothing, whatever becomes of it. */
export abstract class Tracing {
  /** Whether spans are made at all: what is only for them is spared otherwise. */
  abstract readonly isOn: boolean;
  abstract begin(start: SpanStart): OpenSpan;
  /** Sends what has been gathered, within a bound. */
  abstract stop(): Promise<void>;
}

/** No span is made; what a caller said is passed on as it came, because this service is only a place on its way. */
export class NoTracing extends Tracing {
  readonly isOn = false;

  begin({ parent }: Pick<SpanStart, 'parent'>): OpenSpan {
    return { traceparent: parent, end: () => undefined };
  }

  async stop(): Promise<void> {}
}
