import { randomUUID } from 'node:crypto';

import { Queue } from 'bullmq';

import { atPace, type Pace } from '../support/at-pace.js';
import { BacklogGate } from '../support/backlog-gate.js';
import { answerParent, startArgument } from '../support/child-port.js';
import { sharedNowMs } from '../support/clock.js';
import { INVOICE } from '../support/content.js';
import type { Sent } from '../support/load.program.js';

/** The raw queue's callers: `add()`, one job a notification, the payload in the job, nothing kept. No HTTP in front. */
const { redisPort } = startArgument<{ redisPort: number }>();
const queue = new Queue('raw', { connection: { host: '127.0.0.1', port: redisPort } });
const OPTIONS = { removeOnComplete: true, removeOnFail: true };

let gate = new BacklogGate(0);
let isOver = false;
let added = 0;
let failure: Error | undefined;
let callers: Promise<void>[] = [];

async function add(): Promise<string> {
  const id = randomUUID();
  await queue.add('deliver', { id, type: 'invoice.issued', data: INVOICE }, OPTIONS);
  added++;
  return id;
}

async function press(): Promise<void> {
  for (;;) {
    await new Promise<void>((resolve) => gate.pass(resolve));
    if (isOver) return;
    await add();
  }
}

async function addTimed(sentAtMs: number): Promise<Sent> {
  const id = await add();
  return { id, sentAtMs, answeredAtMs: sharedNowMs() };
}

answerParent({
  paced: (pace: Pace) => atPace(pace, addTimed),
  press: ({ connections, backlog }: { connections: number; backlog: number }) => {
    gate = new BacklogGate(backlog);
    isOver = false;
    added = 0;
    callers = Array.from({ length: connections }, () =>
      press().catch((error: Error) => {
        failure = error;
      }),
    );
  },
  learn: ({ arrived }: { arrived: number }) => {
    if (failure) throw failure;
    gate.learn(arrived);
    return added;
  },
  release: async () => {
    isOver = true;
    gate.learn(Infinity);
    await Promise.all(callers);
    if (failure) throw failure;
    return added;
  },
});
