import { request } from 'undici';

import type { Installation } from './posthaste.js';

/** One call to the API with the installation's key; its answer. Throws unless it is a 2xx. */
export async function callApi<T>(
  url: string,
  { apiKey }: Installation,
  method: 'GET' | 'POST',
  path: string,
): Promise<T> {
  const { statusCode, body } = await request(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    ...(method === 'POST' ? { body: '{}' } : {}),
  });
  const text = await body.text();
  if (statusCode >= 300) throw new Error(`${method} ${path} was answered ${statusCode} ${text}`);
  return JSON.parse(text) as T;
}

/** Nothing more is published to the queue until it is resumed: what waits for it, waits. */
export const pauseQueue = (url: string, installation: Installation, queue: string): Promise<unknown> =>
  callApi(url, installation, 'POST', `/v1/admin/queues/${queue}/pause`);

export const resumeQueue = (url: string, installation: Installation, queue: string): Promise<unknown> =>
  callApi(url, installation, 'POST', `/v1/admin/queues/${queue}/resume`);
