import { type IncomingHttpHeaders, request } from 'node:http';

/** A request as it is given, with nothing added or put right: for what no well-behaved client would send. */
export interface RawRequest {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string | Buffer | undefined;
}

export interface RawAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** On a connection of its own. An answer that comes while the body is still being sent counts. */
export function exchange(url: string, { method, path, headers, body }: RawRequest): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { hostname, port, method, path, headers: { ...headers }, agent: false },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        const end = (): void =>
          resolve({
            status: answer.statusCode!,
            headers: answer.headers,
            text: Buffer.concat(chunks).toString(),
          });
        answer.on('end', end);
        answer.on('error', end);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
