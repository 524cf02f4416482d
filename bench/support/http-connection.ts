import { connect, type Socket } from 'node:net';

export interface HttpAnswer {
  status: number;
  body: string;
}

const HEAD_END = '\r\n\r\n';

/**
 * One kept connection with one request under way: a caller. Bytes in, bytes out, nothing else: a real client would take
 * from the machine what the server is to be measured with.
 */
export class HttpConnection {
  private buffer = '';
  private settle: ((answer: HttpAnswer) => void) | undefined;
  private refuse: ((error: Error) => void) | undefined;

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => this.read(chunk));
    socket.on('error', (error) => this.refuse?.(error));
    socket.on('close', () => this.refuse?.(new Error('The server closed the connection.')));
  }

  static open(port: number): Promise<HttpConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('error', reject);
      socket.once('connect', () => resolve(new HttpConnection(socket)));
    });
  }

  /** `request`: head and body as they go on the wire. */
  send(request: string): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      this.settle = resolve;
      this.refuse = reject;
      this.socket.write(request, 'latin1');
    });
  }

  close(): void {
    this.refuse = undefined;
    this.socket.destroy();
  }

  private read(chunk: string): void {
    this.buffer = this.buffer === '' ? chunk : this.buffer + chunk;
    const headEnd = this.buffer.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const bodyStart = headEnd + HEAD_END.length;
    const length = Number(/content-length: (\d+)/i.exec(this.buffer.slice(0, headEnd))?.[1] ?? 0);
    if (this.buffer.length < bodyStart + length) return;
    const answer = {
      status: Number(this.buffer.slice(9, 12)),
      body: this.buffer.slice(bodyStart, bodyStart + length),
    };
    this.buffer = '';
    this.settle?.(answer);
  }
}
