/** How many retries a provider may have beside its first sends. */
export interface RetryBudget {
  /** Of the first sends of the last minute. */
  share: number;
  /** And never fewer than this a minute. */
  minimum: number;
}

/** Sends of one slot of five seconds. */
export interface SendSlot {
  /** Slots between it and the present one, which is 0. */
  age: number;
  firsts: number;
  retries: number;
}

/** Twelve slots of five seconds: a minute, the present slot among them. */
export const BUDGET_SLOTS = 12;
const SLOT_MS = 5_000;

/** The sends of one window, added up. */
export interface Sends {
  firsts: number;
  retries: number;
}

export function sendsIn(slots: readonly SendSlot[], skip = 0): Sends {
  const counted = slots.filter(({ age }) => age < BUDGET_SLOTS - skip);
  const sum = (count: (slot: SendSlot) => number): number =>
    // What was handed back may be taken off a later slot than it was counted in.
    Math.max(
      0,
      counted.reduce((total, slot) => total + count(slot), 0),
    );
  return { firsts: sum((slot) => slot.firsts), retries: sum((slot) => slot.retries) };
}

/** Retries that these sends allow in all. */
export const budgetFor = ({ firsts }: Sends, { share, minimum }: RetryBudget): number =>
  Math.max(minimum, Math.floor(share * firsts));

export function budgetLeft(slots: readonly SendSlot[], budget: RetryBudget): number {
  const sends = sendsIn(slots);
  return Math.max(0, budgetFor(sends, budget) - sends.retries);
}

/** Until the next retry may go if nothing else is sent meanwhile, milliseconds. `presentMs`: how old the present slot is. */
export function untilBudgetMs(slots: readonly SendSlot[], budget: RetryBudget, presentMs: number): number {
  if (budgetLeft(slots, budget) >= 1) return 0;
  for (let passed = 1; passed < BUDGET_SLOTS; passed++) {
    const sends = sendsIn(slots, passed);
    if (budgetFor(sends, budget) > sends.retries) return passed * SLOT_MS - presentMs;
  }
  return BUDGET_SLOTS * SLOT_MS - presentMs;
}
