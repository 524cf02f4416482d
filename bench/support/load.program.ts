import { setTimeout as pause } from 'node:timers/promises';

import { atPace, type Pace } from './at-pace.js';
import { BacklogGate } from './backlog-gate.js';
import { answerParent } from './child-port.js';
import { sharedNowMs } from './clock.js';
import { ClientConnection } from './client-connection.js';
import { HttpConnection } from './http-connection.js';
import { RequestWriter, type Target } from './requests.js';
import { type Percentiles, percentilesOf } from './statistics.js';

/** The callers, in a process of their own. */
export interface ClosedLoop {
  target: Target;
  connections: number;
  warmUpMs: number;
  durationMs: number;
  /** Unique among all runs on one database. */
  run: string;
}

export interface ClosedLoopResult {
  /** Requests answered while it was measured, by HTTP status. */
  statuses: Record<string, number>;
  requestsPerSecond: number;
  latencyMs: Percentiles;
  /** New notifications that were answered from the first request to the last, warm-up included. */
  accepted: number;
  duplicates: number;
  /** Answered 503: each may be stored all the same. */
  refused: number;
}

/** Each caller sends its next request when the last is answered. */
async function closedLoop({
  target,
  connections,
  warmUpMs,
  durationMs,
  run,
}: ClosedLoop): Promise<ClosedLoopResult> {
  const from = performance.now() + warmUpMs;
  const until = from + durationMs;
  const latencies: number[] = [];
  const statuses: Record<string, number> = {};
  const total = { accepted: 0, duplicates: 0, refused: 0 };
  const callers = await openCallers(target, connections, run);
  await Promise.all(
    callers.map(async ({ connection, writer }) => {
      for (let sentAt = performance.now(); sentAt < until;) {
        const answer = await connection.send(writer.next());
        const answeredAt = performance.now();
        count(answer, target.batch, total);
        if (answer.status === 503) total.refused++;
        if (sentAt >= from && answeredAt < until) {
          statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
          latencies.push(answeredAt - sentAt);
        }
        sentAt = answeredAt;
      }
    }),
  );
  callers.forEach(({ connection }) => connection.close());
  return {
    statuses,
    requestsPerSecond: (latencies.length * 1000) / durationMs,
    latencyMs: percentilesOf(latencies),
    ...total,
  };
}

export interface Burst {
  /** From the first request to the last answer. */
  seconds: number;
  statuses: Record<string, number>;
  latencyMs: Percentiles;
}

/** So many requests as fast as the connections can. */
async function burst(argument: {
  target: Target;
  amount: number;
  connections: number;
  run: string;
}): Promise<Burst> {
  const { target, amount, connections, run } = argument;
  const callers = await openCallers(target, connections, run);
  const statuses: Record<string, number> = {};
  const latencies: number[] = [];
  let left = amount;
  const startedAt = performance.now();
  await Promise.all(
    callers.map(async ({ connection, writer }) => {
      while (left-- > 0) {
        const sentAt = performance.now();
        const { status } = await connection.send(writer.next());
        latencies.push(performance.now() - sentAt);
        statuses[status] = (statuses[status] ?? 0) + 1;
      }
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  callers.forEach(({ connection }) => connection.close());
  return { seconds, statuses, latencyMs: percentilesOf(latencies) };
}

interface Caller {
  connection: HttpConnection | ClientConnection;
  writer: RequestWriter;
}

const openCallers = (target: Target, connections: number, run: string): Promise<Caller[]> =>
  Promise.all(
    Array.from({ length: connections }, async (_, at) => ({
      connection: await connectTo(target, portOf(target, at)),
      writer: new RequestWriter(target, `${run}-${at}`, at),
    })),
  );

async function connectTo(target: Target, port: number): Promise<HttpConnection | ClientConnection> {
  return target.callers === 'client' ? new ClientConnection(port, target) : HttpConnection.open(port);
}

/** Callers take the doors in turn. */
function portOf({ port, morePorts = [] }: Target, at: number): number {
  return [port, ...morePorts][at % (1 + morePorts.length)]!;
}

function count(
  answer: { status: number; body: string },
  batch: number,
  total: { accepted: number; duplicates: number },
): void {
  if (batch === 1) {
    if (answer.status === 202) total.accepted++;
    if (answer.status === 200) total.duplicates++;
    return;
  }
  total.accepted += answer.body.split('"http_status":202').length - 1;
  total.duplicates += answer.body.split('"http_status":200').length - 1;
}

/** A door that is starved says 503, and callers come again, as they should; after so many times something is wrong. */
const MOST_REPEATS = 200;
const REPEAT_MS = 100;

/** Callers held back while the backlog is as large as it shall be. */
class Pressure {
  private readonly gate: BacklogGate;
  private readonly total = { accepted: 0, duplicates: 0 };
  /** Answers 503, each asked again with its key. */
  repeats = 0;
  private isOver = false;
  private failure: Error | undefined;
  private callers: Promise<void>[] = [];

  constructor(
    private readonly target: Target,
    backlog: number,
  ) {
    this.gate = new BacklogGate(backlog);
  }

  async start(connections: number, run: string): Promise<void> {
    const callers = await openCallers(this.target, connections, run);
    this.callers = callers.map((caller) =>
      this.press(caller).catch((error: Error) => {
        this.failure = error;
      }),
    );
  }

  learn(arrived: number): number {
    if (this.failure) throw this.failure;
    this.gate.learn(arrived);
    return this.total.accepted;
  }

  async stop(): Promise<number> {
    this.isOver = true;
    this.gate.learn(Infinity);
    await Promise.all(this.callers);
    if (this.failure) throw this.failure;
    return this.total.accepted;
  }

  private async press({ connection, writer }: Caller): Promise<void> {
    for (;;) {
      await new Promise<void>((resolve) => this.gate.pass(resolve));
      if (this.isOver) break;
      await this.ask(connection, writer.next());
    }
    connection.close();
  }

  /** What was refused with a 503 may be stored all the same: then its repeat is answered 200, and it counts as accepted. */
  private async ask(connection: Caller['connection'], request: string): Promise<void> {
    const total = { accepted: 0, duplicates: 0 };
    let answer = await connection.send(request);
    const isRepeated = answer.status === 503;
    for (let times = 0; answer.status === 503 && times < MOST_REPEATS; times++) {
      this.repeats++;
      await pause(REPEAT_MS);
      answer = await connection.send(request);
    }
    count(answer, this.target.batch, total);
    if (isRepeated) total.accepted += total.duplicates;
    if (total.accepted === 0) throw new Error(`Not accepted: ${answer.status} ${answer.body}`);
    this.total.accepted += total.accepted;
  }
}

export interface Sent {
  id: string;
  sentAtMs: number;
  answeredAtMs: number;
}

/** Answers take up to a tenth of a second, on a machine with much to do. */
const FEWEST_CALLERS = 32;

/** Who must wait for a connection is timed from when it was due. */
async function paced({ target, run, ...pace }: Pace & { target: Target; run: string }): Promise<Sent[]> {
  const idle = await openCallers(target, Math.max(FEWEST_CALLERS, Math.ceil(pace.perSecond / 10)), run);
  const all = [...idle];
  const sent = await atPace(
    pace,
    (timedFromMs) => sendOne(idle, timedFromMs),
    () => idle.length > 0,
  );
  all.forEach(({ connection }) => connection.close());
  return sent;
}

async function sendOne(idle: Caller[], sentAtMs: number): Promise<Sent> {
  const caller = idle.shift()!;
  const answer = await caller.connection.send(caller.writer.next());
  const answeredAtMs = sharedNowMs();
  idle.push(caller);
  if (answer.status !== 202) throw new Error(`Not accepted: ${answer.status} ${answer.body}`);
  return { id: (JSON.parse(answer.body) as { id: string }).id, sentAtMs, answeredAtMs };
}

let pressure: Pressure | undefined;

answerParent({
  closedLoop,
  burst,
  paced,
  press: async ({
    target,
    backlog,
    connections,
    run,
  }: {
    target: Target;
    backlog: number;
    connections: number;
    run: string;
  }) => {
    pressure = new Pressure(target, backlog);
    await pressure.start(connections, run);
  },
  learn: ({ arrived }: { arrived: number }) => pressure!.learn(arrived),
  repeats: () => pressure!.repeats,
  release: () => pressure!.stop(),
});
