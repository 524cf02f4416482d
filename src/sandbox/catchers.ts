import { EmailCatcher } from './email-catcher.js';
import type { FaultsStore } from './faults.store.js';
import type { SandboxStore } from './sandbox.store.js';
import type { CatcherAddresses } from './sandbox-providers.js';
import { SmsCatcher } from './sms-catcher.js';

/**
 * Both catchers of a process with the worker role, started before its providers are made and stopped after its last call.
 * The webhook catcher is a route of the API and needs no start.
 */
export class Catchers {
  private readonly email: EmailCatcher;
  private readonly sms: SmsCatcher;

  constructor(
    private readonly store: SandboxStore,
    faults: FaultsStore,
  ) {
    this.email = new EmailCatcher(store, faults);
    this.sms = new SmsCatcher(store, faults);
  }

  async start(): Promise<CatcherAddresses> {
    const [emailPort, smsPort] = await Promise.all([this.email.start(), this.sms.start()]);
    return { emailPort, smsPort, smsCredentials: this.sms.credentials };
  }

  async stop(): Promise<void> {
    await Promise.all([this.email.stop(), this.sms.stop()]);
    await this.store.settle();
  }
}
