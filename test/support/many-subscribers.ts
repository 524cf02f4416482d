import type { TestApp } from './app.js';

/** Endpoints by the thousand, for tests that deliver nothing: their secrets open no seal. */
export async function subscribe(
  app: TestApp,
  count: number,
  { types = ['*'], recipient = null }: { types?: readonly string[]; recipient?: string | null } = {},
): Promise<void> {
  await app.pool.query(
    `INSERT INTO endpoints (id, recipient, url, types, secret)
     SELECT gen_random_uuid(), $2, 'https://hooks.example.com/', $3, '\\x00' FROM generate_series(1, $1)`,
    [count, recipient, types],
  );
}

/** One endpoint as a subscriber makes it; answers its id. */
export async function createEndpoint(
  app: TestApp,
  fields: { types: readonly string[]; recipient?: string; enabled?: boolean; url?: string },
): Promise<string> {
  const { body } = await app
    .request('post', '/v1/endpoints')
    .send({ url: 'https://hooks.example.com/', ...fields })
    .expect(201);
  return body.id as string;
}
