import type { Intent } from './client.js';
import type { Stored } from './database-ledger.js';
import type { Call } from './provider-ledger.js';

/** All that three ledgers know about one key. */
export interface Life {
  /** `type recipient business_id`. */
  key: string;
  /** Those who wanted it: usually one, with all its tries. */
  intents: readonly Intent[];
  stored: Stored | undefined;
  calls: readonly Call[];
}

const keyOf = (type: string, recipient: string, businessId: string): string =>
  `${type} ${recipient} ${businessId}`;

/** Joins the ledgers; what one of them alone knows has a life of its own. */
export function livesOf(
  intents: readonly Intent[],
  stored: readonly Stored[],
  calls: ReadonlyMap<string, Call[]>,
): Life[] {
  const lives = new Map<string, { intents: Intent[]; stored: Stored | undefined }>();
  for (const intent of intents) {
    const { type, recipient, business_id: businessId } = intent.request;
    const key = keyOf(type, recipient, businessId);
    const life = lives.get(key);
    if (life) life.intents.push(intent);
    else lives.set(key, { intents: [intent], stored: undefined });
  }
  for (const row of stored) {
    const key = keyOf(row.type, row.recipient, row.businessId);
    lives.set(key, { intents: lives.get(key)?.intents ?? [], stored: row });
  }
  const unclaimed = new Map([...calls].filter(([, all]) => all.length > 0));
  const all = [...lives].map(([key, life]): Life => {
    const names = namesOf(life.intents, life.stored);
    const found = names.flatMap((name) => unclaimed.get(name) ?? []);
    names.forEach((name) => unclaimed.delete(name));
    return { key, ...life, calls: found.sort((a, b) => a.at - b.at) };
  });
  const strangers = [...unclaimed].map(([of, found]): Life => ({
    key: `? ${of}`,
    intents: [],
    stored: undefined,
    calls: found,
  }));
  return [...all, ...strangers];
}

/** Under which a provider may know it: its id, or (for Twilio, which is told none) its address. */
function namesOf(intents: readonly Intent[], stored: Stored | undefined): string[] {
  const ids = intents.flatMap((intent) => [...intent.ids]);
  const texts = intents.filter(({ request }) => request.channel === 'sms');
  const addresses = texts.map(({ request }) => request.to ?? request.recipient);
  return [...new Set([...ids, ...addresses, ...(stored ? [stored.id] : [])])];
}

/** What happened to it, for whoever reads why a run is red. */
export function storyOf({ key, intents, stored, calls }: Life): string {
  const start = Math.min(
    ...intents.flatMap(({ tries }) => tries.map(({ at }) => at)),
    ...calls.map(({ at }) => at),
  );
  const at = (ms: number): string => `+${((ms - start) / 1_000).toFixed(3)} s`;
  const tries = intents.flatMap((intent) => intent.tries).sort((a, b) => a.at - b.at);
  const lines = [
    ...tries.map(
      (one) => `client   ${at(one.at)}  ${one.status} after ${one.ms.toFixed(0)} ms ${one.id ?? ''}`,
    ),
    stored === undefined
      ? 'database nothing'
      : `database ${stored.id} ${stored.status} (${stored.reason ?? 'no reason'}), undelivered: ${stored.undelivered ?? 'no'}, owed: ${stored.isOwed}`,
    ...(stored?.attempts ?? []).map(
      (one) => `attempt  ${one.number} ${one.provider} ${one.outcome ?? 'open'} ${one.code ?? ''}`,
    ),
    ...calls.map((call) => `provider ${at(call.at)}  ${call.provider} ${call.truth} (${call.said})`),
  ];
  return [key, ...lines.map((line) => `    ${line.trimEnd()}`)].join('\n');
}
