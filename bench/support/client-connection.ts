import { Client } from 'undici';

import type { HttpAnswer } from './http-connection.js';
import type { Target } from './requests.js';

const HEAD_END = '\r\n\r\n';

/** A caller as services are: one kept connection of a real HTTP client, with what that costs the machine they share. */
export class ClientConnection {
  private readonly client: Client;

  constructor(
    port: number,
    private readonly target: Target,
  ) {
    this.client = new Client(`http://127.0.0.1:${port}`);
  }

  /** `request`: head and body as they would go on the wire; the client writes a head of its own. */
  async send(request: string): Promise<HttpAnswer> {
    const { path, apiKey } = this.target;
    const { statusCode, body } = await this.client.request({
      path,
      method: 'POST',
      headers: {
        authorization: `Bearer ${apiKey}`,
        'content-type': 'application/json',
        accept: 'application/json',
      },
      body: request.slice(request.indexOf(HEAD_END) + HEAD_END.length),
    });
    return { status: statusCode, body: await body.text() };
  }

  close(): void {
    void this.client.destroy();
  }
}
