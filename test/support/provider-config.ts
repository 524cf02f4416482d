import type { ChannelName } from '../../src/domain/channel.js';
import type { ProviderConfig } from '../../src/platform/config/posthaste-file.js';

/** A provider's configuration as the file would give it, with its own options and what a test wants otherwise. */
export function providerConfig(
  channel: ChannelName,
  kind: string,
  options: Record<string, unknown>,
  overrides: Partial<ProviderConfig> = {},
): ProviderConfig {
  return {
    name: `test-${kind}`,
    channel,
    kind,
    priority: 1,
    weight: 1,
    concurrency: 5,
    ratePerSecond: undefined,
    timeoutMs: 5_000,
    perEndpointConcurrency: 5,
    breaker: { errorRate: 0.5, minimum: 10, windowMs: 60_000, resetMs: 30_000 },
    retryBudget: { share: 0.2, minimum: 10 },
    options,
    ...overrides,
  };
}
