import { connect, type Socket } from 'node:net';

/** Everything that anybody says to a Redis from now on: keys and values, also of what is gone a moment later. */
export interface RedisMonitor {
  readonly text: string;
  close(): void;
}

export async function monitorRedis(url: string): Promise<RedisMonitor> {
  const { hostname, port } = new URL(url);
  const words: string[] = [];
  const socket = await new Promise<Socket>((resolve, reject) => {
    const one = connect(Number(port), hostname, () => one.write('MONITOR\r\n'));
    one.once('error', reject);
    one.once('data', () => resolve(one));
  });
  socket.on('data', (data) => words.push(data.toString()));
  socket.on('error', () => undefined);
  return {
    get text() {
      return words.join('');
    },
    close: () => void socket.destroy(),
  };
}
