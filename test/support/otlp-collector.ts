import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as it came. Ids are hex. */
export interface CaughtSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId: string | undefined;
  links: string[];
  facts: Record<string, unknown>;
}

/** What an OpenTelemetry collector is on the wire: it keeps the spans, or, as it is told, never answers. */
export interface OtlpCollector {
  url: string;
  readonly spans: readonly CaughtSpan[];
  /** Every body, as it came. */
  readonly bodies: readonly string[];
  isHanging: boolean;
  close(): Promise<void>;
}

export async function startOtlpCollector(): Promise<OtlpCollector> {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      bodies.push(body);
      if (!collector.isHanging) response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const collector: OtlpCollector = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies,
    isHanging: false,
    get spans() {
      return bodies.flatMap(spansIn);
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return collector;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

const spansIn = (body: string): CaughtSpan[] =>
  JSON.parse(body).resourceSpans.flatMap((resource: any) =>
    resource.scopeSpans.flatMap((scope: any) => scope.spans.map(toSpan)),
  );

const toSpan = (span: any): CaughtSpan => ({
  name: span.name,
  traceId: span.traceId,
  spanId: span.spanId,
  parentSpanId: span.parentSpanId,
  links: (span.links ?? []).map((link: { spanId: string }) => link.spanId),
  facts: Object.fromEntries(
    span.attributes.map(({ key, value }: any) => [key, Object.values(value as object)[0]]),
  ),
});
