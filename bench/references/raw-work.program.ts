import { type Job, Worker } from 'bullmq';

import { answerParent, startArgument } from '../support/child-port.js';
import { SignedPost } from './signed-post.js';

/** The raw queue's worker: one job, one POST. */
const { redisPort, sink } = startArgument<{ redisPort: number; sink: string }>();
const post = new SignedPost(sink);
const failures: string[] = [];
let worker: Worker | undefined;

async function deliver(job: Job<{ id: string; type: string; data: unknown }>): Promise<void> {
  const status = await post.send(job.data.id, job.data.type, job.data.data);
  if (status !== 200) throw new Error(`The sink answered ${status}.`);
}

answerParent({
  work: async ({ concurrency }: { concurrency: number }) => {
    worker = new Worker('raw', deliver, { connection: { host: '127.0.0.1', port: redisPort }, concurrency });
    worker.on('failed', (_, error) => failures.push(error.message));
    await worker.waitUntilReady();
  },
  rest: async () => {
    await worker?.close();
    return failures.splice(0);
  },
});
