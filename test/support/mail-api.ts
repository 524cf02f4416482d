import { type ScriptedHttp, startScriptedHttp } from './scripted-http.js';

/** A mail provider with an HTTP interface (Resend's) that takes everything and writes down when. */
export class MailApi {
  /** When each arrived, by this process's monotonic clock, milliseconds. */
  readonly arrivals: number[] = [];
  private server: ScriptedHttp | undefined;
  private port = 0;

  static async start(): Promise<MailApi> {
    const api = new MailApi();
    await api.comeBack();
    return api;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Every connection is refused until it comes back. */
  async goAway(): Promise<void> {
    await this.server?.close();
    this.server = undefined;
  }

  /** On the same port. */
  async comeBack(): Promise<void> {
    this.server = await startScriptedHttp({ port: this.port, healthy: () => this.take() });
    this.port = this.server.port;
  }

  private take(): { status: number; headers: Record<string, string>; body: string } {
    this.arrivals.push(performance.now());
    const body = JSON.stringify({ id: `mail-${this.arrivals.length}` });
    return { status: 200, headers: { 'content-type': 'application/json' }, body };
  }
}

/** The most that arrived within any `spanMs`. */
export function mostWithin(arrivals: readonly number[], spanMs: number): number {
  let most = 0;
  for (let from = 0, to = 0; to < arrivals.length; to++) {
    while (arrivals[to]! - arrivals[from]! > spanMs) from++;
    most = Math.max(most, to - from + 1);
  }
  return most;
}
