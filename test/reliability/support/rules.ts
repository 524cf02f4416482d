import { DEFAULT_IN_DOUBT } from '../../../src/domain/retry-policy.js';
import { isUndelivered, isWaiting } from '../../../src/domain/status.js';
import type { Stored } from './database-ledger.js';
import type { Life } from './life.js';

/** The invariants of the harness: see docs/guarantees.md. */
export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6';

/** Jepsen's names for what may never be. */
export type Offence = 'lost' | 'duplicated' | 'unexpected';

export interface Violation {
  invariant: Invariant;
  offence: Offence;
  why: string;
  story: string;
}

export interface RuleOptions {
  /** Faults long enough that some may run out of tries; else a dead one that no provider refused for ever is unexpected. */
  mayDie?: boolean;
}

type Verdict = Omit<Violation, 'story'> | undefined;
type Rule = (life: Life, options: RuleOptions) => Verdict;

const isAccepted = ({ intents }: Life): boolean => intents.some((intent) => intent.isAccepted);
const taken = ({ calls }: Life): number => calls.filter(({ truth }) => truth === 'taken').length;
const count = (stored: Stored, outcome: string | null): number =>
  stored.attempts.filter((attempt) => attempt.outcome === outcome).length;

const isStored: Rule = (life) =>
  isAccepted(life) && !life.stored
    ? { invariant: 'I1', offence: 'lost', why: 'It was answered 2xx, and the database does not know it.' }
    : undefined;

const hasEnded: Rule = ({ stored }) =>
  stored && (isWaiting(stored.status) || stored.status === 'sending')
    ? { invariant: 'I1', offence: 'lost', why: `It still is ${stored.status} after everything was healed.` }
    : undefined;

const wasReallySent: Rule = (life) =>
  life.stored && ['sent', 'delivered'].includes(life.stored.status) && taken(life) === 0
    ? {
        invariant: 'I1',
        offence: 'lost',
        why: `The database says ${life.stored.status}, and no provider has it.`,
      }
    : undefined;

const isOfSomebody: Rule = ({ intents, stored, calls }) => {
  if (intents.length === 0 && stored)
    return { invariant: 'I1', offence: 'unexpected', why: 'Nobody has asked for it.' };
  if (!stored && calls.length > 0)
    return {
      invariant: 'I2',
      offence: 'unexpected',
      why: 'A provider was sent what the database does not know.',
    };
  return undefined;
};

const hasOneId: Rule = ({ intents, stored }) => {
  const ids = new Set(intents.flatMap((intent) => [...intent.ids]));
  if (ids.size > 1)
    return { invariant: 'I2', offence: 'duplicated', why: 'One key was answered with two ids.' };
  return stored && ids.size === 1 && !ids.has(stored.id)
    ? { invariant: 'I1', offence: 'unexpected', why: 'It was answered with an id that is not its own.' }
    : undefined;
};

/** In-doubt attempts after which its policy lets it go again. A parked one is never called again. */
function allowedDoubts(stored: Stored): number {
  const policy = stored.onInDoubt ?? DEFAULT_IN_DOUBT[stored.channel];
  return policy === 'park' ? 0 : count(stored, 'in_doubt');
}

/** The heart of it: calls ≤ 1 + definite failures + in-doubt retries that the policy allows. */
const wasCalledOnce: Rule = ({ calls, stored }) => {
  if (!stored) return undefined;
  const failures = calls.filter(({ truth }) => truth === 'refused').length;
  const allowed = 1 + failures + allowedDoubts(stored);
  return calls.length > allowed
    ? {
        invariant: 'I2',
        offence: 'duplicated',
        why: `A provider was called ${calls.length} times; ${allowed} are allowed (1 + ${failures} refusals + ${allowedDoubts(stored)} doubts).`,
      }
    : undefined;
};

const eachCallHasAnAttempt: Rule = ({ calls, stored }) =>
  stored && calls.length > stored.attempts.length
    ? {
        invariant: 'I2',
        offence: 'unexpected',
        why: `A provider was called ${calls.length} times, and only ${stored.attempts.length} attempts are told.`,
      }
    : undefined;

/** What a provider took may be told as taken, as doubtful, or not yet; never as a failure that is sure. */
const saysWhatWasTaken: Rule = (life) => {
  const { stored } = life;
  if (!stored) return undefined;
  const told = count(stored, 'taken') + count(stored, 'in_doubt') + count(stored, null);
  return taken(life) > told
    ? {
        invariant: 'I2',
        offence: 'unexpected',
        why: 'A provider took it in an attempt that is told as a sure failure.',
      }
    : undefined;
};

const isFoundWhereItEnded: Rule = ({ stored }) => {
  if (!stored || hasEnded({ key: '', intents: [], stored, calls: [] }, {})) return undefined;
  const wanted = isUndelivered(stored.status) ? stored.status : null;
  if (stored.undelivered !== wanted)
    return {
      invariant: 'I3',
      offence: 'lost',
      why: `It is ${stored.status}, and among the undelivered it is ${stored.undelivered ?? 'not'}.`,
    };
  return stored.isOwed || count(stored, null) > 0
    ? {
        invariant: 'I3',
        offence: 'unexpected',
        why: `It is ${stored.status}, and yet it has an outbox row or an open attempt.`,
      }
    : undefined;
};

const endsAsItShould: Rule = ({ intents, stored, calls }, { mayDie = false }) => {
  if (!stored || intents.length === 0) return undefined;
  const wantsDead = intents[0]!.expects === 'dead';
  const isDoubtful = stored.status === 'in_doubt';
  if (wantsDead && stored.status !== 'dead' && !isDoubtful)
    return { invariant: 'I3', offence: 'unexpected', why: `It is poison, and ended ${stored.status}.` };
  const wasRefused = calls.some(({ said }) => said === 'reject');
  return !wantsDead && stored.status === 'dead' && !wasRefused && !mayDie
    ? { invariant: 'I3', offence: 'unexpected', why: 'It is dead, and nobody refused it for ever.' }
    : undefined;
};

const RULES: readonly Rule[] = [
  isStored,
  hasEnded,
  wasReallySent,
  isOfSomebody,
  hasOneId,
  wasCalledOnce,
  eachCallHasAnAttempt,
  saysWhatWasTaken,
  isFoundWhereItEnded,
  endsAsItShould,
];

/** All that is wrong with one life. */
export const offencesOf = (life: Life, options: RuleOptions): Omit<Violation, 'story'>[] =>
  RULES.map((rule) => rule(life, options)).filter((verdict) => verdict !== undefined);
