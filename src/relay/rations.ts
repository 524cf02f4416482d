import { allowanceOf, type ProviderAllowance, type ProviderTerms } from '../allowances/provider-allowance.js';
import { probeRoom } from '../domain/gate.js';
import { tokensIn, untilTokenMs } from '../domain/token-bucket.js';
import type { EndpointRoom, Published, Route } from '../outbox/outbox.store.js';
import type { DueGroup, Survey } from './due.js';
import { outOf, type Windows } from './windows.js';

/** A window of a provider or endpoint with a rate: a worker that pauses for longer does not make it a burst. Seconds. */
const RATED_WINDOW_S = 2;
/** One that is full and this far behind has its turn passed over. Milliseconds. */
const BEHIND_MS = 2_000;

/** A call that tries a gate is looked at again after this; its success wakes the relays at once. Milliseconds. */
const TRIAL_LOOK_MS = 200;

/** How many may go now, and if none, what it waits for. */
export interface Ration {
  most: number;
  /** Nothing but room in the queue is missing. */
  isFull: boolean;
  /** It has had what one pass gives at most: the next goes on. */
  hasHadItsPart: boolean;
  /** Until its rate or its budget allows one, milliseconds. */
  waitMs: number | undefined;
}

/** Nothing, and no reason yet. */
export const NONE: Ration = { most: 0, isFull: false, hasHadItsPart: false, waitMs: undefined };

/**
 * What each queue may still be given in one pass, by what the survey saw: room, tokens, retries. What another relay takes
 * meanwhile is found out where it is spent.
 */
export class Rations {
  private readonly rooms = new Map<string, number>();
  private readonly parts = new Map<string, number>();
  private readonly endpointRooms = new Map<string, number>();
  private readonly given = new Map<string, { hints: number; retries: number }>();
  private readonly allowances = new Map<string, ProviderAllowance>();

  constructor(
    private readonly survey: Survey,
    private readonly windows: Windows,
    private readonly terms: (provider: string) => ProviderTerms,
    /** In [0, 1). */
    private readonly random: () => number = Math.random,
  ) {}

  allowance(provider: string): ProviderAllowance {
    let allowance = this.allowances.get(provider);
    if (!allowance) {
      allowance = allowanceOf(this.terms(provider), this.survey.standings.get(provider)!);
      this.allowances.set(provider, allowance);
    }
    return allowance;
  }

  of(route: Route, due: DueGroup): Ration {
    if (route.isProbe) return this.ofProbe(route);
    const { tokens, untilTokenMs: tokenMs, retries } = this.allowance(route.provider);
    const given = this.givenTo(route.provider);
    const room = this.room(route);
    if (room <= 0) return { ...NONE, isFull: true };
    const part = this.part(route);
    if (part <= 0) return { ...NONE, hasHadItsPart: true };
    const left = Math.floor(tokens - given.hints);
    if (left < 1) return { ...NONE, waitMs: given.hints > 0 ? 0 : tokenMs };
    if (!due.group.isRetry)
      return { ...NONE, most: this.lessForRetries(route, due, Math.min(room, part, left)) };
    const budget = due.isProbe ? Infinity : retries.left - given.retries;
    return budget < 1
      ? { ...NONE, waitMs: given.retries > 0 ? 0 : retries.untilMs }
      : { ...NONE, most: Math.min(room, part, left, budget) };
  }

  note(route: Route, due: DueGroup, hints: readonly Published[]): void {
    const given = this.givenTo(route.provider);
    this.given.set(route.provider, {
      hints: given.hints + hints.length,
      retries: given.retries + (due.group.isRetry ? hints.length : 0),
    });
    if (!route.isProbe) {
      this.parts.set(route.queue, this.part(route) - hints.length);
      this.rooms.set(route.queue, this.windowRoom(route) - hints.length);
    }
    for (const { endpointId } of hints) {
      if (endpointId === null) continue;
      const key = roomKey(route, endpointId);
      const room = this.endpointRooms.get(key);
      if (room !== undefined) this.endpointRooms.set(key, room - 1);
    }
  }

  /** Full, and what is out has waited too long: the others do not wait for it. */
  isBehind(route: Route): boolean {
    return (this.survey.windows.get(route.queue)?.oldestMs ?? 0) > BEHIND_MS;
  }

  /** What each endpoint of a group may be given, and until one of those without a token has one, milliseconds. */
  ofEndpoints(route: Route, due: DueGroup): { rooms: EndpointRoom[]; waitMs: number | undefined } {
    const rooms = due.endpoints.map((endpointId) => ({
      endpointId,
      room: this.ofEndpoint(endpointId, route, due),
    }));
    const waits = due.endpoints
      .map((id) => (due.isProbe ? TRIAL_LOOK_MS : this.untilEndpointMs(id)))
      .filter((ms) => ms > 0);
    return {
      rooms: rooms.filter(({ room }) => room > 0),
      waitMs: waits.length > 0 ? Math.min(...waits) : undefined,
    };
  }

  private ofEndpoint(endpointId: string, route: Route, due: DueGroup): number {
    const key = roomKey(route, endpointId);
    let room = this.endpointRooms.get(key);
    if (room === undefined) {
      const state = this.survey.windows.get(route.queue);
      const out = state?.endpoints.get(endpointId)?.count ?? 0;
      room = due.isProbe
        ? this.ofEndpointProbe(endpointId, out)
        : Math.min(
            this.windows.roomOfEndpoint(route.queue, endpointId, state, this.capOf(endpointId, route)),
            this.ofRate(endpointId, out),
          );
      this.endpointRooms.set(key, room);
    }
    return room;
  }

  private ofEndpointProbe(endpointId: string, out: number): number {
    return this.survey.trials.has('endpoint', endpointId) ? 0 : probeRoom(out);
  }

  /** Its owner's word, else its provider's. */
  private capOf(endpointId: string, route: Route): number {
    return this.survey.endpointCaps.get(endpointId) ?? route.perEndpointConcurrency;
  }

  private ofRate(endpointId: string, out: number): number {
    const rate = this.survey.endpointRates.get(endpointId);
    if (!rate) return Infinity;
    return Math.min(
      Math.floor(tokensIn(rate.level, rate.ratePerSecond)),
      ratedWindow(rate.ratePerSecond) - out,
    );
  }

  private untilEndpointMs(endpointId: string): number {
    const rate = this.survey.endpointRates.get(endpointId);
    return rate ? untilTokenMs(tokensIn(rate.level, rate.ratePerSecond), rate.ratePerSecond) : 0;
  }

  /** One, when none is out or under way: of the provider, in whichever lane. */
  private ofProbe(route: Route): Ration {
    if (this.survey.trials.has('provider', route.provider)) return { ...NONE, waitMs: TRIAL_LOOK_MS };
    const out = this.outOf(route.provider) + this.givenTo(route.provider).hints;
    return { ...NONE, most: probeRoom(out), isFull: out > 0 };
  }

  /**
   * First sends come first, but a backlog of them does not keep retries waiting for ever: where some are due and the budget
   * has some left, they keep their share. Part of a place is theirs by as much of a chance: rounded up, the single place that
   * a slow rate has would always be theirs, and nothing else would ever go.
   */
  private lessForRetries(route: Route, due: DueGroup, most: number): number {
    const areDue = this.survey.due.some(
      (one) =>
        one.group.isRetry &&
        one.dueMs <= 0 &&
        one.group.lane === due.group.lane &&
        one.takers.includes(route),
    );
    const left = this.allowance(route.provider).retries.left - this.givenTo(route.provider).retries;
    if (!areDue || left < 1) return most;
    const { share } = this.terms(route.provider).retryBudget;
    return most - Math.min(left, Math.floor((most * share) / (1 + share) + this.random()));
  }

  /** Its own rate, its recovery, or that of an endpoint counts what goes out. */
  isMetered(route: Route, rooms: readonly EndpointRoom[]): boolean {
    if (this.allowance(route.provider).ratePerSecond !== undefined) return true;
    return rooms.some(({ endpointId }) => this.survey.endpointRates.has(endpointId));
  }

  private room(route: Route): number {
    const room = this.windowRoom(route);
    const { ratePerSecond } = this.allowance(route.provider);
    if (ratePerSecond === undefined) return room;
    const out = this.outOf(route.provider) + this.givenTo(route.provider).hints;
    return Math.min(room, ratedWindow(ratePerSecond) - out);
  }

  private windowRoom({ queue }: Route): number {
    let room = this.rooms.get(queue);
    if (room === undefined) {
      room = this.windows.roomOfQueue(queue, this.survey.windows.get(queue));
      this.rooms.set(queue, room);
    }
    return room;
  }

  /** What is left of what one pass gives it. */
  private part({ queue, lane }: Route): number {
    return this.parts.get(queue) ?? this.windows.batchOf(lane);
  }

  private outOf(provider: string): number {
    return outOf(this.survey.windows, provider);
  }

  private givenTo(provider: string): { hints: number; retries: number } {
    return this.given.get(provider) ?? { hints: 0, retries: 0 };
  }
}

/** An endpoint has a window in each lane, as a queue has. */
const roomKey = ({ queue }: Route, endpointId: string): string => `${queue} ${endpointId}`;

const ratedWindow = (ratePerSecond: number): number =>
  Math.max(1, Math.floor(RATED_WINDOW_S * ratePerSecond));
