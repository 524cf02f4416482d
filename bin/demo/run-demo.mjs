import { fileURLToPath } from 'node:url';

import { Fault } from '../setup/fault.mjs';
import { instanceOf } from './instance.mjs';
import { play } from './scenes.mjs';
import { answers, timeline } from './timeline.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** `npm run demo`. Sends into a sandbox only: what is posted elsewhere would reach people. */
export async function runDemo() {
  try {
    const instance = instanceOf(root);
    await mustBeIdleSandbox(instance);
    console.log(`\n  Sending to ${instance.url} …\n`);
    const { stories, repeated } = await play(instance, Date.now().toString(36));
    for (const { title, id } of stories) {
      console.log(timeline(title, await instance.ask('GET', `/v1/notifications/${id}`)));
    }
    const arrived = await arrivalsOf(instance, stories[0].id, 'ada@example.com');
    console.log(answers('The first email, asked for three times', repeated, arrived));
    console.log(`  See what arrived: ${instance.url}/sandbox\n`);
  } catch (error) {
    console.error(`\n  ${error instanceof Fault ? error.message : error.stack}\n`);
    process.exitCode = 1;
  }
}

/** How often the sandbox's mail server took it. */
async function arrivalsOf(instance, id, to) {
  const { items } = await instance.ask(
    'GET',
    `/v1/sandbox/messages?channel=email&to=${encodeURIComponent(to)}`,
  );
  return items.filter((one) => one.notification_id === id).length;
}

async function mustBeIdleSandbox(instance) {
  const { status, body } = await instance.call('GET', '/v1/sandbox/faults');
  if (status === 401 || status === 403) throw new Fault(`The API key is refused: ${body?.detail ?? status}`);
  if (status !== 200 || !Array.isArray(body?.items)) {
    throw new Fault(
      `${instance.url} is no Posthaste sandbox: the demo sends nothing where it might reach people.`,
    );
  }
  if (body.items.length > 0) {
    throw new Fault(
      'Faults are still ordered in this sandbox and would meet the demo: clear them on its page first.',
    );
  }
}
