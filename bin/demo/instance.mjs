import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Fault } from '../setup/fault.mjs';
import { environmentOf } from '../setup/settings.mjs';

/** An instance that takes longer than this to answer is not well. Milliseconds. */
const ANSWER_MS = 10_000;

/** Where the instance is and the key it knows: from the environment, else as `npm start` keeps them. */
export function instanceOf(root) {
  const env = environmentOf(root);
  const url = env.POSTHASTE_URL || `http://127.0.0.1:${env.PORT || 3000}`;
  if (!URL.canParse(url)) throw new Fault('POSTHASTE_URL must be a URL, as http://127.0.0.1:3000.');
  const key = env.POSTHASTE_API_KEY || keptKey(root);
  if (!key) throw new Fault('No API key is known: set POSTHASTE_API_KEY, or run `npm start` here first.');
  return new Instance(new URL(url).origin, key);
}

function keptKey(root) {
  const file = join(root, '.posthaste', 'keys.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).POSTHASTE_API_KEY : undefined;
}

/** The HTTP API of a running instance. */
class Instance {
  #key;

  constructor(url, key) {
    // Webhooks reach loopback addresses only by number: a name could change in between.
    this.url = url.replace('//localhost', '//127.0.0.1');
    this.#key = key;
  }

  /** `{status, body}`, whatever the status. Throws a Fault when nobody answers. */
  async call(method, path, body) {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        authorization: `Bearer ${this.#key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_MS),
    }).catch((error) => {
      throw new Fault(
        `Nobody answers at ${this.url} (${error.cause?.code ?? error.name}). Start it: npm start`,
      );
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : readJson(text) };
  }

  /** The answer's body. Throws a Fault when it is not one of the `expected` statuses. */
  async ask(method, path, body, expected = [200, 201, 202, 204]) {
    const answer = await this.call(method, path, body);
    if (expected.includes(answer.status)) return answer.body;
    const why =
      answer.body?.errors?.map((one) => `${one.path} ${one.message}`).join(', ') ?? answer.body?.detail ?? '';
    throw new Fault(`${method} ${path} was answered ${answer.status} ${answer.body?.code ?? ''}: ${why}`);
  }
}

function readJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // something else listens there
  }
}
