import { setMaxListeners } from 'node:events';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Call, Content, Parcel, Provider } from '../../src/channels/channel.js';
import type { ErrorClass, Failed, FailureScope, Outcome } from '../../src/domain/outcome.js';

/**
 * What every provider promises, whatever its protocol, against a scripted server on the wire: `describeProviderContract(name,
 * harness)` in a file of its own, and the provider's particulars below it.
 *
 * A fault that a protocol cannot have is left out of the harness's `faults`, with the reason there.
 */
export const FAULTS = [
  'reject', // this message is refused for good
  'suppress', // this recipient is refused for good
  'configuration', // our credentials or sender are refused
  'defer', // this message is put off
  'throttle', // all messages are put off
  'hang_before_body', // silence before the message could have left
  'drop_before_body', // the connection is lost before the message could have left
  'drop_after_body', // the connection is lost once the complete message has left
  'hang_after_body', // silence once the complete message has left
  'garbage', // an answer that is none
] as const;
export type Fault = (typeof FAULTS)[number];

export interface ProviderRig<C extends Content> {
  provider: Provider<C>;
  /** Another one of the same kind, where nobody listens. */
  unreachable(): Provider<C>;
  parcel(id: string): Parcel<C>;
  /** The next call meets it. */
  script(fault: Fault): void;
  /** Complete messages that reached the server, whatever it said to them. */
  arrived(): number;
  openConnections(): number;
  /** What must appear in no outcome: recipients, credentials. */
  secrets: readonly string[];
  close(): Promise<void>;
}

/** In what kinds of provider differ, by what they speak to: one company's service, or every subscriber's own. */
export interface Traits {
  /** The answer is the receipt: taken means delivered, and the receiver gives no id of its own. */
  isReceipt: boolean;
  /** Whom an unreachable host, a throttle and a lost answer speak about. */
  scopes: { host: FailureScope; throttle: FailureScope; exchange: FailureScope };
  /** What a host that is not there, and an answer that never came, lead to. */
  classes: { host: ErrorClass; exchange: ErrorClass };
}

const ONE_SERVICE: Traits = {
  isReceipt: false,
  scopes: { host: 'provider', throttle: 'provider', exchange: 'provider' },
  classes: { host: 'network', exchange: 'in_doubt' },
};

export interface ProviderHarness<C extends Content> {
  /** With what a call may take, in ms. */
  start(timeoutMs: number): Promise<ProviderRig<C>>;
  faults: Readonly<Record<Fault, boolean>>;
  traits?: Traits;
}

/** What no call meets that is answered, however busy the machine is; and what is waited for where none comes. */
const PATIENT_MS = 5_000;
const IMPATIENT_MS = 1_000;
/** Far above what is waited for where no answer comes, far below the providers' defaults. */
const WELL_BEFORE_DEFAULTS_MS = 8_000;

const ID = 'ntf_01jcontract00000000000000a';

export function describeProviderContract<C extends Content>(name: string, harness: ProviderHarness<C>): void {
  const { isReceipt, scopes, classes } = harness.traits ?? ONE_SERVICE;
  describe(`${name} keeps the provider's contract`, () => {
    let rig: ProviderRig<C>;
    let shutdown: AbortController;
    let call: Call;

    beforeEach(async () => {
      rig = await harness.start(PATIENT_MS);
      shutdown = new AbortController();
      setMaxListeners(0, shutdown.signal); // one signal per process, a listener per call under way
      call = { signal: shutdown.signal, now: () => new Date('2026-11-22T09:00:00Z') };
    });

    const stopRig = async (): Promise<void> => {
      await rig.provider.close();
      await rig.close();
    };
    afterEach(stopRig);

    const startAgain = async (timeoutMs: number): Promise<void> => {
      await stopRig();
      rig = await harness.start(timeoutMs);
    };

    const send = async (provider: Provider<C> = rig.provider): Promise<Outcome> => {
      const outcome = await provider.send(rig.parcel(ID), call);
      expectDiscreet(outcome, rig.secrets);
      return outcome;
    };

    const meets = (fault: Fault, title: string, check: (outcome: Failed) => void): void => {
      if (!harness.faults[fault]) return;
      it(title, async () => {
        if (fault.startsWith('hang')) await startAgain(IMPATIENT_MS);
        rig.script(fault);
        const start = performance.now();
        const outcome = await send();
        expect(performance.now() - start).toBeLessThan(WELL_BEFORE_DEFAULTS_MS);
        expect(outcome.kind).not.toBe('taken');
        check(outcome as Failed);
      });
    };

    it('takes a message and knows the provider’s id of it', async () => {
      const outcome = await send();
      expect(outcome).toMatchObject({ kind: 'taken', isReceipt });
      if (!isReceipt)
        expect(outcome).toHaveProperty('providerMessageId', expect.stringMatching(/^\S{2,200}$/));
      expect(rig.arrived()).toBe(1);
    });

    it('sends nothing when nobody listens, and blames who is away', async () => {
      const provider = rig.unreachable();
      expect(await send(provider)).toMatchObject({
        kind: 'not_sent',
        class: classes.host,
        code: 'connect_refused',
        scope: scopes.host,
      });
      await provider.close();
    });

    meets('reject', 'tells a refusal for good, which blames no provider', (outcome) => {
      expect(outcome).toMatchObject({ kind: 'rejected', class: 'permanent', scope: 'message' });
    });

    meets('suppress', 'tells a recipient that takes nothing, which blames no provider', (outcome) => {
      expect(outcome).toMatchObject({ kind: 'rejected', class: 'suppress', scope: 'message' });
    });

    meets('configuration', 'tells a fault of our configuration', (outcome) => {
      expect(outcome).toMatchObject({ class: 'configuration', scope: 'provider' });
      expect(outcome.kind).not.toBe('in_doubt');
    });

    meets('defer', 'tells a message that is put off, which blames no provider', (outcome) => {
      expect(outcome).toMatchObject({ kind: 'deferred', scope: 'message' });
    });

    meets('throttle', 'tells that all is put off', (outcome) => {
      expect(outcome).toMatchObject({ kind: 'deferred', class: 'throttled', scope: scopes.throttle });
    });

    for (const fault of ['hang_before_body', 'drop_before_body'] as const) {
      meets(fault, `is sure that nothing was sent: ${fault}`, (outcome) => {
        expect(outcome).toMatchObject({ kind: 'not_sent', class: classes.host, scope: scopes.host });
        expect(rig.arrived()).toBe(0);
      });
    }

    for (const fault of ['drop_after_body', 'hang_after_body', 'garbage'] as const) {
      meets(fault, `is in doubt, and says so: ${fault}`, (outcome) => {
        expect(outcome).toMatchObject({ kind: 'in_doubt', class: classes.exchange, scope: scopes.exchange });
        expect(rig.arrived()).toBe(1);
      });
    }

    it('goes on after each fault', async () => {
      await startAgain(IMPATIENT_MS);
      for (const fault of FAULTS.filter((one) => harness.faults[one])) {
        rig.script(fault);
        await send();
        expect(await send(), `after ${fault}`).toMatchObject({ kind: 'taken' });
      }
    });

    it('makes calls side by side without mixing their answers', async () => {
      const parcels = Array.from({ length: 20 }, (_, i) =>
        rig.parcel(`ntf_01jcontract0000000000000${String(i).padStart(2, '0')}`),
      );
      const outcomes = await Promise.all(parcels.map((parcel) => rig.provider.send(parcel, call)));
      expect(outcomes.filter((outcome) => outcome.kind !== 'taken')).toEqual([]);
      const ids = outcomes.map((outcome) => (outcome as { providerMessageId?: string }).providerMessageId);
      if (!isReceipt) expect(new Set(ids).size).toBe(20);
      expect(rig.arrived()).toBe(20);
    });

    it('does not call once this process stops', async () => {
      shutdown.abort();
      expect(await send()).toMatchObject({ kind: 'not_sent', class: 'lease', scope: 'message' });
      expect(rig.arrived()).toBe(0);
    });

    it('ends a call under way when this process stops: in doubt, and nobody’s fault', async () => {
      rig.script('hang_after_body');
      const pending = send();
      await vi.waitFor(() => expect(rig.arrived()).toBe(1), { interval: 5, timeout: PATIENT_MS });
      shutdown.abort();
      expect(await pending).toMatchObject({ kind: 'in_doubt', scope: 'message' });
    });

    it('closes with a call under way: in doubt, no connection left, no call after it', async () => {
      rig.script('hang_after_body');
      const pending = send();
      await vi.waitFor(() => expect(rig.arrived()).toBe(1), { interval: 5, timeout: PATIENT_MS });
      await rig.provider.close();
      expect(await pending).toMatchObject({ kind: 'in_doubt', scope: 'message' });
      await vi.waitFor(() => expect(rig.openConnections()).toBe(0), { timeout: PATIENT_MS });
      expect(await send()).toMatchObject({ kind: 'not_sent', class: 'lease' });
      await rig.provider.close();
    });
  });
}

/** No recipient and no credential in any field, and nothing that could break a log line. */
function expectDiscreet(outcome: Outcome, secrets: readonly string[]): void {
  const text = JSON.stringify({ ...outcome, providerMessageId: undefined });
  for (const secret of secrets) expect(text.toLowerCase()).not.toContain(secret.toLowerCase());
  expect(outcome.code).toMatch(/^[a-z0-9_.]{1,64}$/);
  expect(Buffer.byteLength(outcome.detail)).toBeLessThanOrEqual(1_024);
  expect(outcome.detail).not.toMatch(/[\u0000-\u001f]/);
}
