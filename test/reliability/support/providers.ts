import { AlertSink } from './alert-sink.js';
import { receiver, resend, twilio } from './http-dialects.js';
import { HttpFake } from './http-fake.js';
import { ProviderLedger } from './provider-ledger.js';
import { SmtpFake } from './smtp-fake.js';
import { TcpProxy } from './tcp-proxy.js';

/** Every provider, each behind a hop of its own, all writing one ledger. */
export interface Providers {
  ledger: ProviderLedger;
  smtp: SmtpFake;
  hooks: HttpFake;
  twilio: HttpFake;
  resend: HttpFake;
  /** Not a provider of notifications: whom the alerts are told. No hop, no fault. */
  alerts: AlertSink;
  hops: Record<'smtp' | 'hooks' | 'twilio' | 'resend', TcpProxy>;
  stop(): Promise<void>;
}

export async function startProviders(): Promise<Providers> {
  const ledger = new ProviderLedger();
  const smtp = await SmtpFake.start('mail', ledger);
  const hooks = await HttpFake.start(receiver, ledger);
  const texts = await HttpFake.start(twilio, ledger);
  const letters = await HttpFake.start(resend, ledger);
  const alerts = await AlertSink.start();
  const hops = {
    smtp: await TcpProxy.start('smtp', smtp),
    hooks: await TcpProxy.start('hooks', hooks),
    twilio: await TcpProxy.start('twilio', texts),
    resend: await TcpProxy.start('resend', letters),
  };
  return {
    ledger,
    smtp,
    hooks,
    twilio: texts,
    resend: letters,
    alerts,
    hops,
    stop: async () => {
      await Promise.all(Object.values(hops).map((hop) => hop.stop()));
      await Promise.all([smtp, hooks, texts, letters, alerts].map((fake) => fake.stop()));
    },
  };
}
