import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns';

import type { ResolveAll } from '../../src/platform/http/address-filter.js';

/** A name server on the wire that answers each question for an address with the next of its script, the last one for ever. */
export interface ScriptedDns {
  /** Questions for IPv4 addresses. */
  readonly questions: readonly string[];
  /** In the place of `dns.lookup`. */
  readonly resolve: ResolveAll;
  close(): Promise<void>;
}

const TYPE_A = 1;
const HEADER_BYTES = 12;

export async function startScriptedDns(...script: string[][]): Promise<ScriptedDns> {
  const questions: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const { name, type, end } = questionOf(query);
    if (type === TYPE_A) questions.push(name);
    const addresses = type === TYPE_A ? script[Math.min(questions.length, script.length) - 1]! : [];
    socket.send(answerTo(query.subarray(0, end), addresses), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const resolver = new Resolver({ timeout: 1_000, tries: 1 });
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  return {
    questions,
    resolve: (hostname, _options, callback) =>
      resolver.resolve4(hostname, (error, addresses) =>
        callback(
          error,
          (addresses ?? []).map((address) => ({ address, family: 4 })),
        ),
      ),
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

/** RFC 1035 §4.1.2: labels, then type and class. */
function questionOf(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  while (query[at] !== 0) {
    labels.push(query.toString('ascii', at + 1, at + 1 + query[at]!));
    at += 1 + query[at]!;
  }
  return { name: labels.join('.'), type: query.readUInt16BE(at + 1), end: at + 5 };
}

/** Every record points at the question's name, class IN, with a TTL of nothing: the next question is asked again. */
function answerTo(question: Buffer, addresses: readonly string[]): Buffer {
  const head = Buffer.from(question);
  head.writeUInt16BE(0x8180, 2); // a response, recursion available
  head.writeUInt16BE(addresses.length, 6);
  head.writeUInt32BE(0, 8);
  const records = addresses.map((address) =>
    Buffer.concat([
      Buffer.from([0xc0, HEADER_BYTES, 0, TYPE_A, 0, 1, 0, 0, 0, 0, 0, 4]),
      Buffer.from(address.split('.').map(Number)),
    ]),
  );
  return Buffer.concat([head, ...records]);
}
