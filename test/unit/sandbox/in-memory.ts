import type { Arrival, ArrivalSink } from '../../../src/sandbox/arrival.js';
import type { Fault, FaultSource } from '../../../src/sandbox/fault.js';

/** Stands in for PostgreSQL where the wire is what is tested. */
export class KeptInMemory implements ArrivalSink {
  readonly arrivals: Arrival[] = [];
  fault: Error | undefined;

  async append(arrival: Arrival): Promise<void> {
    if (this.fault) throw this.fault;
    this.arrivals.push(arrival);
  }
}

export class FaultsInMemory implements FaultSource {
  readonly next: Fault[] = [];

  async take(): Promise<Fault | undefined> {
    return this.next.shift();
  }
}
