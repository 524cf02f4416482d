import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import { createTransport } from 'nodemailer';

import { Templates } from '../../src/templating/templates.js';
import { answerParent, startArgument } from '../support/child-port.js';
import { sampleOf } from '../support/content.js';
import { root } from '../support/root.js';
import { Callers } from './callers.js';

/** nodemailer's pool and nothing else: the same headers, the same mail each time, rendered once, nothing kept. */
const { port, connections } = startArgument<{ port: number; connections: number }>();
const transport = createTransport({
  pool: true,
  host: '127.0.0.1',
  port,
  secure: false,
  maxConnections: connections,
  maxMessages: 1_000,
});
const letter = Templates.load(join(root, 'templates')).renderEmail(
  'invoice.issued',
  undefined,
  JSON.parse(sampleOf('invoice.issued')) as Record<string, unknown>,
);

const callers = new Callers(async () => {
  await transport.sendMail({
    ...letter,
    from: { name: 'Acme', address: 'no-reply@acme.example' },
    to: { name: '', address: 'customer-123@example.com' },
    envelope: { from: 'no-reply@acme.example', to: 'customer-123@example.com' },
    messageId: `<${randomUUID()}@acme.example>`,
    headers: { 'Auto-Submitted': { prepared: true, value: 'auto-generated' } },
  });
});

answerParent({
  press: ({ connections }: { connections: number }) => callers.press(connections),
  learn: () => callers.learn(),
  release: () => callers.release(),
});
