import type { GateKind, Hold } from '../domain/gate.js';

/** The holds in force at one moment. */
export class HeldGates {
  private readonly byGate = new Map<string, Hold>();

  private readonly probed: ReadonlySet<string>;
  readonly hasProbed: boolean;

  /** `probed`: gates whose breaker's time is over; a single call finds out whether they open. */
  constructor(
    readonly holds: readonly Hold[],
    probed: readonly { kind: GateKind; key: string }[],
  ) {
    this.hasProbed = probed.length > 0;
    this.probed = new Set(probed.map(({ kind, key }) => nameOf(kind, key)));
    for (const hold of holds) {
      const known = this.byGate.get(nameOf(hold.kind, hold.key));
      if (!known || isLater(hold, known)) this.byGate.set(nameOf(hold.kind, hold.key), hold);
    }
  }

  /** The hold that lasts longest, or undefined when the gate is open. */
  of(kind: GateKind, key: string): Hold | undefined {
    return this.byGate.get(nameOf(kind, key));
  }

  isHeld(kind: GateKind, key: string): boolean {
    return this.byGate.size > 0 && this.byGate.has(nameOf(kind, key));
  }

  /** All of a kind that are held. */
  keysOf(kind: GateKind): string[] {
    return [...new Set(this.holds.filter((hold) => hold.kind === kind).map(({ key }) => key))];
  }

  /** Open for one call at a time, until one succeeds. */
  isProbed(kind: GateKind, key: string): boolean {
    return this.hasProbed && !this.isHeld(kind, key) && this.probed.has(nameOf(kind, key));
  }
}

/** Gates whose one call is under way. */
export class GatesUnderTrial {
  private readonly gates: ReadonlySet<string>;

  constructor(gates: readonly { kind: GateKind; key: string }[]) {
    this.gates = new Set(gates.map(({ kind, key }) => nameOf(kind, key)));
  }

  has(kind: GateKind, key: string): boolean {
    return this.gates.has(nameOf(kind, key));
  }
}

export const NO_TRIALS = new GatesUnderTrial([]);

export const NO_GATES = new HeldGates([], []);

const nameOf = (kind: GateKind, key: string): string => `${kind} ${key}`;

const isLater = (a: Hold, b: Hold): boolean =>
  (a.until?.getTime() ?? Infinity) > (b.until?.getTime() ?? Infinity);
