import { Agent } from 'undici';

import { signatureOf } from '../../src/channels/webhook/signature.js';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

/** The same POST as the service makes, by the same client: signed, kept connections, the answer's body thrown away. */
export class SignedPost {
  private readonly agent = new Agent({
    keepAliveTimeout: 30_000,
    headersTimeout: 15_000,
    bodyTimeout: 1_000,
  });

  constructor(private readonly origin: string) {}

  async send(id: string, type: string, data: unknown): Promise<number> {
    const timestamp = Math.floor(Date.now() / 1000);
    const body = JSON.stringify({ type, timestamp: new Date().toISOString(), data });
    const answer = await this.agent.request({
      origin: this.origin,
      path: '/hook/0',
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Posthaste/bench',
        'webhook-id': id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': signatureOf(id, timestamp, body, [SECRET]),
      },
      body,
    });
    await answer.body.dump();
    return answer.statusCode;
  }
}
