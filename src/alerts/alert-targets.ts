import type { ChannelRegistry } from '../channels/channel.registry.js';
import type { DatabaseClock } from '../platform/clock/database-clock.js';
import type { AlertsConfig, AlertTargetConfig } from '../platform/config/alerts-section.js';
import { ConfigError } from '../platform/config/config.js';
import { VERSION } from '../platform/version.js';
import { EmailTarget } from './targets/email.target.js';
import { OutgoingCalls } from './targets/outgoing-calls.js';
import { SlackTarget } from './targets/slack.target.js';
import type { Target } from './targets/target.js';
import { WebhookTarget } from './targets/webhook.target.js';

export type { Target } from './targets/target.js';

/** Whom alerts are told to, and the heartbeat's URL, with the connections to them. */
export class AlertTargets {
  readonly all: readonly Target[];
  private readonly calls = new OutgoingCalls();

  /** Throws ConfigError when mail is asked for and no provider could carry it. */
  constructor(
    private readonly config: AlertsConfig,
    private readonly channels: ChannelRegistry,
    private readonly clock: DatabaseClock,
  ) {
    this.all = config.targets.map((target) => this.open(target));
  }

  get names(): string[] {
    return this.all.map(({ name }) => name);
  }

  /** Says that alerts are being looked after. Undefined when it was heard, or nobody listens. */
  async beat(signal: AbortSignal): Promise<string | undefined> {
    const { heartbeatUrl } = this.config;
    if (heartbeatUrl === undefined) return undefined;
    return this.calls.get(heartbeatUrl, { 'user-agent': `Posthaste/${VERSION}` }, signal);
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.all.map((target) => target.close()), this.calls.close()]);
  }

  private open(target: AlertTargetConfig): Target {
    const now = (): Date => this.clock.now();
    switch (target.kind) {
      case 'webhook':
        return new WebhookTarget(target.name, target.url, target.secret, this.calls, now);
      case 'slack':
        return new SlackTarget(target.name, target.url, this.calls);
      case 'email':
        return new EmailTarget(target.name, target.to, this.mailers(target), now);
    }
  }

  private mailers(target: AlertTargetConfig & { kind: 'email' }): ReturnType<ChannelRegistry['create']>[] {
    const fit = this.channels
      .providersOf('email')
      .filter(({ name }) => target.provider === undefined || target.provider === name);
    if (fit.length === 0)
      throw new ConfigError([
        `alerts target ${target.name}: ${target.provider === undefined ? 'there is no provider for email' : `there is no email provider named ${target.provider}`}`,
      ]);
    return fit.map((provider) => this.channels.create(provider));
  }
}
