import type { Random } from '../../support/random.js';

/**
 * What a provider does with a call.
 *
 * - `take`   takes it and says so; `slow` does, after a while
 * - `drop`   takes it, then cuts the connection; `reset` the same with an RST
 * - `hang`   takes it and never answers
 * - `fail`   refuses it for now (HTTP 500, SMTP 451)
 * - `throttle` refuses it for now and asks for time (429 with Retry-After, SMTP 421); a string is the header as it is
 * - `reject` refuses it for ever
 */
export type Behaviour =
  | 'take'
  | { slowMs: number }
  | 'drop'
  | 'reset'
  | 'hang'
  | 'fail'
  | { throttleS: number | string }
  | 'reject';

/** Decides by the call; `of` is the notification's id, or the address where the provider is not told an id. */
export type Plan = (call: { of: string; to: string; times: number; body: string }) => Behaviour;

export const healthy: Plan = () => 'take';

/** These in turn, then healthy. */
export function script(...turns: readonly Behaviour[]): Plan {
  const left = [...turns];
  return () => left.shift() ?? 'take';
}

/** Each fault with its probability, drawn from a seeded generator; `take` is what is left. */
export function distribution(random: Random, faults: readonly (readonly [number, Behaviour])[]): Plan {
  return () => {
    let draw = random.next();
    for (const [probability, behaviour] of faults) {
      draw -= probability;
      if (draw < 0) return behaviour;
    }
    return 'take';
  };
}

/** Who is so addressed is refused for ever, whatever else is planned: poison. */
export const POISON = 'poison';
export const refusingPoison =
  (plan: Plan): Plan =>
  (call) =>
    call.to.includes(POISON) || call.body.includes(POISON) ? 'reject' : plan(call);
