import type { Environment } from '../config/environment.js';
import type { Log } from '../logging/log.js';
import type { Gauges } from '../metrics/gauges.js';
import { VERSION } from '../version.js';
import { NoTracing, type Tracing } from './tracing.js';

/** Tracing as the environment wants it. Without an endpoint the SDK is not even loaded. */
export async function startTracing(
  { otlpEndpoint, serviceName }: Pick<Environment, 'otlpEndpoint' | 'serviceName'>,
  gauges: Gauges,
  log: Log,
): Promise<Tracing> {
  if (otlpEndpoint === undefined) return new NoTracing();
  const { OtlpTracing } = await import('./otlp-tracing.js');
  let isFailing = false;
  return new OtlpTracing({
    endpoint: otlpEndpoint,
    serviceName,
    version: VERSION,
    onExport: (spans, fault) => {
      gauges.traceSpans.inc({ result: fault ? 'lost' : 'exported' }, spans);
      // Once: a collector that is away is away for many batches.
      if (fault && !isFailing) log.warn('traces.not_exported', { spans, err: fault });
      isFailing = fault !== undefined;
    },
  });
}
