import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';

import { ChannelRegistry } from '../channels/channel.registry.js';
import type { Inquiry, Provider } from '../channels/channel.js';
import type { DoubtToAsk } from '../notifications/doubts.repository.js';
import { DatabaseClock } from '../platform/clock/database-clock.js';
import { Packing } from './packing.service.js';

/** The provider's clock and ours, and the whole seconds its list is written in. */
const CLOCK_MARGIN_MS = 120_000;
/** A call that was cut may still be worked on, and is listed when that is done. */
const MAY_COME_LATER_MS = 300_000;

/** Only webhooks tell events, and their receivers cannot be asked. */
const OF_NO_EVENT = { eventId: null, eventPayload: null } as const;

/** What became of a question, and the digest of what was asked for (hex). */
export type Asked = { digest: string; inquiry: Inquiry };

/** Asks providers what became of a doubt. Opens their connections with the first question; knows nothing of what follows. */
@Injectable()
export class Inquiries implements OnModuleDestroy {
  private readonly providers = new Map<string, Provider>();
  private readonly cut = new AbortController();

  constructor(
    @Inject(ChannelRegistry) private readonly channels: ChannelRegistry,
    @Inject(Packing) private readonly packing: Packing,
    @Inject(DatabaseClock) private readonly clock: DatabaseClock,
  ) {}

  /** Undefined: this provider cannot be asked (any more), or there is nothing left to ask for. Throws what rendering throws. */
  async ask(doubt: DoubtToAsk): Promise<Asked | undefined> {
    const { payload, provider: name } = doubt;
    if (payload === null || !this.channels.doubtTraits(name).canBeAsked) return undefined;
    const provider = this.open(name);
    const to = this.packing.addressOf({ id: doubt.id, payload });
    const digest = this.digestOf({ ...doubt, payload });
    const here = doubt.doubts.filter((one) => one.provider === name);
    const evidence = {
      to,
      since: new Date((here[0]?.startedAt ?? doubt.finishedAt).getTime() - CLOCK_MARGIN_MS),
      until: new Date(doubt.finishedAt.getTime() + MAY_COME_LATER_MS),
      isSame: (content: Parameters<Packing['digestOf']>[0]) =>
        this.packing.digestOf(content, to, name) === digest,
    };
    const inquiry = await provider.find!(evidence, { signal: this.cut.signal, now: () => this.clock.now() });
    return { digest, inquiry };
  }

  /** Ends the questions under way: they will be asked again. */
  async onModuleDestroy(): Promise<void> {
    this.cut.abort();
    await Promise.allSettled([...this.providers.values()].map((provider) => provider.close()));
  }

  /** As its attempt recorded it; of a worker that was lost, what would be sent now. */
  private digestOf(doubt: DoubtToAsk & { payload: Buffer }): string {
    const recorded = doubt.doubts.findLast((one) => one.provider === doubt.provider)?.digest;
    return recorded ?? this.packing.pack({ ...doubt, ...OF_NO_EVENT }, doubt.provider).digest!;
  }

  private open(name: string): Provider {
    let provider = this.providers.get(name);
    if (!provider) {
      provider = this.channels.create(this.channels.provider(name));
      this.providers.set(name, provider);
    }
    return provider;
  }
}
