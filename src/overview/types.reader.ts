import { Inject, Injectable } from '@nestjs/common';
import { type Static, Type } from 'typebox';

import { oneOf, Time } from '../accept/notification.schema.js';
import { TypeCatalogue } from '../catalogue/type-catalogue.js';
import { GatesStore } from '../gates/gates.store.js';
import type { HeldGates } from '../gates/held-gates.js';
import { WorkPool } from '../platform/database/pools.js';
import { HoldView, nullable, toHoldView } from './hold.schema.js';
import { type ParkedType, readParked } from './sql/read-parked.js';

export const TypeView = Type.Object({
  type: Type.String(),
  state: oneOf(['open', 'held'] as const, 'held: nothing of it goes out'),
  holds: Type.Array(HoldView),
  waiting: Type.Integer({ description: 'held back because it is paused, found so far; counted to 50,000' }),
  oldest_at: nullable(Time('since when the oldest of these is due')),
});
export type TypeView = Static<typeof TypeView>;

/** The types as operators see them: those of the configuration, and whatever else is paused. */
@Injectable()
export class TypesReader {
  constructor(
    @Inject(WorkPool) private readonly pool: WorkPool,
    @Inject(GatesStore) private readonly gates: GatesStore,
    @Inject(TypeCatalogue) private readonly catalogue: TypeCatalogue,
  ) {}

  async list(): Promise<TypeView[]> {
    const [gates, parked] = await Promise.all([this.gates.held(), readParked(this.pool)]);
    const known = this.catalogue
      .list()
      .filter(({ isOwn }) => !isOwn)
      .map(({ type }) => type);
    const names = [...new Set([...known, ...gates.keysOf('type'), ...parked.map(({ type }) => type)])];
    return names.sort().map((type) => toTypeView(type, gates, parked));
  }

  async read(type: string): Promise<TypeView> {
    const [gates, parked] = await Promise.all([this.gates.held(), readParked(this.pool)]);
    return toTypeView(type, gates, parked);
  }
}

function toTypeView(type: string, gates: HeldGates, parked: readonly ParkedType[]): TypeView {
  const holds = gates.holds.filter(({ kind, key }) => kind === 'type' && key === type);
  const waiting = parked.find((one) => one.type === type);
  return {
    type,
    state: holds.length > 0 ? 'held' : 'open',
    holds: holds.map(toHoldView),
    waiting: waiting?.waiting ?? 0,
    oldest_at: waiting?.oldestAt.toISOString() ?? null,
  };
}
