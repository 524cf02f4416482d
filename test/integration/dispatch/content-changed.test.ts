import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startApp, type TestApp } from '../../support/app.js';
import { type ScriptedSmtp, startScriptedSmtp } from '../../support/scripted-smtp.js';
import { uuidOf } from '../../support/settled.js';
import { waitFor } from '../../support/wait-for.js';

const LOST = { at: 'body', do: 'drop' } as const;
const yaml = (smtp: string, from = 'no-reply@acme.example') => `
providers:
  - { name: mail, channel: email, kind: smtp, url: "${smtp}", from: "Acme <${from}>", timeout: 2s, answer_timeout: 1s }
types:
  note: { channel: email, on_in_doubt: retry, retry: { retries: 5, base: 20ms, in_doubt_delay: 1h, slow: [] } }
`;

describe('what is rendered anew after a doubt', () => {
  let app: TestApp;
  let smtp: ScriptedSmtp;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'posthaste-changed-'));
    mkdirSync(join(folder, 'note'));
    write('Hello');
    smtp = await startScriptedSmtp();
    app = await startApp({ roles: 'api,relay,worker', yaml: yaml(smtp.url), env: { TEMPLATES_DIR: folder } });
  });

  afterAll(async () => {
    await app.stop();
    await smtp.close();
    rmSync(folder, { recursive: true });
  });

  const write = (words: string): void => {
    writeFileSync(join(folder, 'note', 'email.subject.liquid'), 'A note');
    writeFileSync(join(folder, 'note', 'email.text.liquid'), `${words}, {{ name }}.`);
    writeFileSync(join(folder, 'note', 'sample.json'), '{"name":"Ada"}');
  };
  const story = async (id: string) => (await app.request('get', `/v1/notifications/${id}`)).body;
  const isNow = (id: string, status: string) =>
    waitFor(
      async () => {
        const told = await story(id);
        return told.status === status ? told : undefined;
      },
      { what: `${id} ${status}` },
    );
  const hurry = (id: string) =>
    app.request('post', `/v1/admin/notifications/${id}/retry`).send({}).expect(200);
  const resolve = (id: string) =>
    app
      .request('post', `/v1/admin/notifications/${id}/resolve`)
      .send({ as: 'retry', reason: 'they want it' })
      .expect(200);
  const doubtful = async (): Promise<string> => {
    smtp.script(LOST);
    const { body } = await app.send({
      type: 'note',
      recipient: 'ada@example.com',
      business_id: randomUUID(),
      data: { name: 'Ada' },
    });
    await isNow(body.id as string, 'retrying');
    return body.id as string;
  };
  const mailsOf = (id: string) =>
    smtp.messages
      .map(({ raw }) => ({
        messageId: /^message-id: (.+?)\r?$/im.exec(raw)![1]!,
        text: /(\w+), Ada\./.exec(raw)![1],
      }))
      .filter(({ messageId }) => messageId.includes(id));
  const codesOf = (told: any): string[] =>
    told.history.filter((one: any) => one.event === 'attempt').map((one: any) => one.code);

  it('goes under the same key while it is the same', async () => {
    const id = await doubtful();
    await app.restart({});
    await hurry(id);
    await isNow(id, 'sent');
    const [first, second] = mailsOf(id);
    expect(second).toEqual(first);
  });

  it('is not sent when it has changed, until an operator wants it, and then under a key of its own', async () => {
    const id = await doubtful();
    write('Goodbye');
    await app.restart({});
    await hurry(id);
    const parked = await isNow(id, 'in_doubt');
    expect(codesOf(parked)).toEqual(['smtp_answer_lost', 'content_changed']);
    expect(parked.next).toMatchObject({ action: 'review', waiting_for: 'operator', can: ['resolve'] });
    expect(parked.next.reason).toContain('have changed since');
    expect(mailsOf(id)).toHaveLength(1);

    smtp.script(LOST);
    await resolve(id);
    await waitFor(async () => codesOf(await story(id)).filter((code) => code !== null).length === 3, {
      what: 'a third attempt, in doubt',
    });
    await hurry(id);
    await isNow(id, 'sent');
    const [old, fresh, again] = mailsOf(id);
    expect([old!.text, fresh!.text, again!.text]).toEqual(['Hello', 'Goodbye', 'Goodbye']);
    expect(fresh!.messageId).not.toBe(old!.messageId);
    expect(again!.messageId).toBe(fresh!.messageId);
    write('Hello');
  });

  it('is not sent when its sender has changed', async () => {
    await app.restart({});
    const id = await doubtful();
    await app.restart({ yaml: yaml(smtp.url, 'hello@acme.example') });
    await hurry(id);
    expect(codesOf(await isNow(id, 'in_doubt'))).toEqual(['smtp_answer_lost', 'content_changed']);
    expect(mailsOf(id)).toHaveLength(1);
  });

  it('goes under another key when nobody knows what a lost worker sent', async () => {
    await app.restart({});
    const id = await doubtful();
    await app.pool.query(
      `UPDATE attempts SET content_digest = NULL, code = 'worker_lost' WHERE notification_id = $1`,
      [uuidOf(id)],
    );
    write('Farewell');
    await app.restart({});
    await hurry(id);
    await isNow(id, 'sent');
    const [old, fresh] = mailsOf(id);
    expect([old!.text, fresh!.text]).toEqual(['Hello', 'Farewell']);
    expect(fresh!.messageId).not.toBe(old!.messageId);
  });
});
