import { type AlertLedger, alertOffences } from './alert-ledger.js';
import type { Intent } from './client.js';
import type { Stored } from './database-ledger.js';
import { type Life, livesOf, storyOf } from './life.js';
import { disorderIn } from './order.js';
import type { Call } from './provider-ledger.js';
import { offencesOf, type RuleOptions, type Violation } from './rules.js';

/** The four ledgers, and what was measured beside them. */
export interface Evidence {
  intents: readonly Intent[];
  calls: ReadonlyMap<string, Call[]>;
  stored: readonly Stored[];
  alerts: AlertLedger;
  /** From the end of the last fault until everything had ended; undefined: not within the bound. */
  recoveredInMs: number | undefined;
  /** How late the harness's own process was at worst: its measured answers are late by as much. */
  ownLagMs: number;
}

export interface JudgeOptions extends RuleOptions {
  /** Beginnings of the keys of alerts that must be raised, once each. */
  alerts?: readonly string[];
  /** I5, ms. */
  recoversWithinMs?: number;
  /** A process that was stopped on purpose cannot answer: so much longer, ms. */
  answerSlackMs?: number;
}

/**
 * - `ok`: accepted, and it ended as it should; `recovered`: its sender saw errors only, and yet it was stored and ended so
 * - `refused`: its sender saw errors, and nothing is stored: legal, too
 */
export type Result = 'ok' | 'recovered' | 'refused' | 'lost' | 'duplicated' | 'unexpected';

export interface Verdict {
  counts: Record<Result, number>;
  violations: Violation[];
  slowestAnswerMs: number;
  ownLagMs: number;
  recoveredInMs: number | undefined;
  /** Alerts raised, of any kind. */
  alerts: number;
}

/** The contract: an answer or a 503 within three seconds. */
const ANSWER_MS = 3_000;
export const RECOVERS_WITHIN_MS = 60_000;

/** Compares the ledgers. Call it when the load has drained to empty, or when the time for that is over. */
export function judge(evidence: Evidence, options: JudgeOptions = {}): Verdict {
  const lives = livesOf(evidence.intents, evidence.stored, evidence.calls);
  const counts = { ok: 0, recovered: 0, refused: 0, lost: 0, duplicated: 0, unexpected: 0 };
  const violations: Violation[] = [];
  for (const life of lives) {
    const offences = offencesOf(life, options);
    counts[offences[0]?.offence ?? legalResultOf(life)]++;
    violations.push(...offences.map((offence) => ({ ...offence, story: storyOf(life) })));
  }
  violations.push(
    ...disorderIn(lives),
    ...alertOffences(evidence.alerts, options.alerts ?? []),
    ...recoveryOffences(evidence, options),
    ...answerOffences(evidence, options),
  );
  return {
    counts,
    violations,
    slowestAnswerMs: Math.max(0, ...triesOf(evidence).map(({ ms }) => ms)),
    ownLagMs: evidence.ownLagMs,
    recoveredInMs: evidence.recoveredInMs,
    alerts: evidence.alerts.raised.length,
  };
}

const triesOf = ({ intents }: Evidence): Intent['tries'] => intents.flatMap(({ tries }) => tries);

function legalResultOf({ intents, stored }: Life): Result {
  if (!stored) return 'refused';
  return intents.some((intent) => intent.isAccepted) ? 'ok' : 'recovered';
}

function recoveryOffences(evidence: Evidence, { recoversWithinMs }: JudgeOptions): Violation[] {
  if (evidence.recoveredInMs !== undefined) return [];
  const open = evidence.stored.filter(({ isOwed, status }) => isOwed || status === 'sending');
  const why = `Not everything had ended ${(recoversWithinMs ?? RECOVERS_WITHIN_MS) / 1_000} s after the last fault.`;
  return [{ invariant: 'I5', offence: 'lost', why, story: `${open.length} have not ended.` }];
}

function answerOffences(evidence: Evidence, { answerSlackMs = 0 }: JudgeOptions): Violation[] {
  const allowedMs = ANSWER_MS + evidence.ownLagMs + answerSlackMs;
  return evidence.intents
    .filter(({ tries }) => tries.some(({ ms }) => ms > allowedMs))
    .map((intent): Violation => {
      const slowest = Math.max(...intent.tries.map(({ ms }) => ms));
      return {
        invariant: 'I6',
        offence: 'unexpected',
        why: `An answer took ${slowest.toFixed(0)} ms; ${allowedMs.toFixed(0)} are allowed.`,
        story: storyOf({ key: intent.request.business_id, intents: [intent], stored: undefined, calls: [] }),
      };
    });
}
