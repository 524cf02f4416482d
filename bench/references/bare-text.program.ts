import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import { Agent } from 'undici';

import { Templates } from '../../src/templating/templates.js';
import { answerParent, startArgument } from '../support/child-port.js';
import { sampleOf } from '../support/content.js';
import { root } from '../support/root.js';
import { Callers } from './callers.js';

/** undici and nothing else: the same bytes, the same text each time, rendered once, nothing kept. */
const { port, connections } = startArgument<{ port: number; connections: number }>();
const agent = new Agent({ connections, keepAliveTimeout: 30_000 });
const text = Templates.load(join(root, 'templates')).renderSms(
  'order.shipped',
  undefined,
  JSON.parse(sampleOf('order.shipped')) as Record<string, unknown>,
);

const callers = new Callers(async () => {
  const { statusCode, body } = await agent.request({
    origin: `http://127.0.0.1:${port}`,
    path: '/messages',
    method: 'POST',
    headers: {
      'user-agent': 'Posthaste/1.0.0',
      accept: 'application/json',
      'content-type': 'application/json',
      'webhook-id': randomUUID(),
    },
    body: JSON.stringify({ from: 'Acme', to: '+442079460958', text }),
  });
  await body.dump();
  if (statusCode !== 200) throw new Error(`The gateway answered ${statusCode}.`);
});

answerParent({
  press: ({ connections }: { connections: number }) => callers.press(connections),
  learn: () => callers.learn(),
  release: () => callers.release(),
});
