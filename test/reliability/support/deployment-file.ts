import { NO_BUDGET } from '../../support/no-budget.js';
import type { Providers } from './providers.js';

/** Patient enough to outlast every fault that ends, so that what dies was refused for ever. */
const PATIENT =
  'retry: { retries: 40, base: 300ms, factor: 1.5, cap: 2s, jitter: 0.2, slow: [2s], deadline: 30m }';
/** A minute of a broken provider must not become half a minute of an open breaker behind it. */
const QUICK_BREAKER = 'breaker: { error_rate: 0.5, minimum: 10, window: 10s, reset: 1s }';
export const TWILIO_SID = 'AC00000000000000000000000000000000';

export interface FileOptions {
  /** Calls in flight per provider and worker. */
  concurrency?: number;
  perEndpointConcurrency?: number;
  /** How long a provider may take. */
  timeout?: string;
  /** The mail goes by Resend when SMTP is held. */
  hasResend?: boolean;
}

/**
 * posthaste.yaml of a deployment under test: each channel by its fake, through its hop. Types `harness.letter`,
 * `harness.text`, `harness.hook`; mail and texts are parked in doubt, webhooks go again.
 */
export function deploymentFile(
  { hops, alerts }: Providers,
  { concurrency = 10, perEndpointConcurrency = 10, timeout = '3s', hasResend = false }: FileOptions = {},
): string {
  // How much may be repeated is shown elsewhere; here it would only make every recovery wait for its minute.
  const common = `concurrency: ${concurrency}, timeout: ${timeout}, ${QUICK_BREAKER}, ${NO_BUDGET}`;
  const from = '"Harness <harness@posthaste.example>"';
  return `
alerts: { to: [{ kind: webhook, url: "${alerts.url}" }] }
providers:
  - { name: mail, channel: email, kind: smtp, url: "smtp://127.0.0.1:${hops.smtp.port}", from: ${from}, answer_timeout: ${timeout}, priority: 1, ${common} }
${hasResend ? `  - { name: resend, channel: email, kind: resend, api_key: re_key, base_url: "http://127.0.0.1:${hops.resend.port}", from: ${from}, priority: 2, ${common} }` : ''}
  - { name: twilio, channel: sms, kind: twilio, base_url: "http://127.0.0.1:${hops.twilio.port}", account_sid: ${TWILIO_SID}, auth_token: none, from: "+15005550006", ${common} }
  - { name: webhooks, channel: webhook, kind: http, per_endpoint_concurrency: ${perEndpointConcurrency}, ${common} }
types:
  harness.letter: { channel: email, template: welcome, on_in_doubt: park, ${PATIENT} }
  harness.text: { channel: sms, template: order.shipped, on_in_doubt: park, ${PATIENT} }
  harness.hook: { channel: webhook, on_in_doubt: retry, ${PATIENT} }
`;
}
