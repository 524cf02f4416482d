import type { AlertKind } from './alert-kinds.js';

/** Something is wrong now. Never names a recipient. */
export interface Signal {
  kind: AlertKind;
  /** What it is about, within its kind: equal causes have equal keys, so that many are one alert. Empty: there is only one. */
  about: string;
  /** A sentence without numbers: `invoice.issued by smtp dies: permanent`. */
  summary: string;
  /** How many it concerns. */
  count: number;
  /** When it began, where that is known. */
  since?: Date | undefined;
  detail?: Record<string, string | number | boolean | null>;
}

/** Looks at one part of the service. All that is wrong is in its answer: what is not in it is well. */
export interface Evaluator {
  readonly kinds: readonly AlertKind[];
  evaluate(): Promise<Signal[]>;
}

export const keyOf = ({ kind, about }: Pick<Signal, 'kind' | 'about'>): string =>
  about === '' ? kind : `${kind}:${about}`;
