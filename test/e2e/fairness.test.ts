import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createKey } from '../support/api-keys.js';
import { type ScriptedSmtp, startScriptedSmtp } from '../support/scripted-smtp.js';
import { BACKENDS, TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

const BACKLOG = 3_000;
const HANDFUL = 5;
const RATE = 20;
/** What is out already when the handful comes: two seconds of the rate. */
const WINDOW = 2 * RATE;

describe.each(BACKENDS)('API keys share a lane (%s)', (backend) => {
  let service: TestService;
  let smtp: ScriptedSmtp;

  beforeEach(async () => {
    smtp = await startScriptedSmtp();
    const yaml = `
providers:
  - { name: mail, channel: email, kind: smtp, url: "${smtp.url}", from: "Acme <no-reply@acme.example>", rate: ${RATE}/s, require_tls: false }
`;
    service = await TestService.create({ backend, yaml });
  });

  afterEach(async () => {
    await service.stop();
    await smtp.close();
  });

  const letter = (number: number, name: string) => ({
    type: 'welcome',
    recipient: `${name}-${number}@example.com`,
    business_id: `letter-${name}-${number}`,
    channel: 'email',
    data: { name },
  });

  it(`sends a handful of one key while ${BACKLOG} of another wait in front of it`, async () => {
    const api = await service.start('api');
    const other = await createKey(service.pool, ['send']);
    await service.sendAll(Array.from({ length: BACKLOG }, (_, i) => letter(i, 'crowd')));
    await service.start('relay,worker');
    await waitFor(() => smtp.messages.length >= RATE, { what: 'the backlog under way' });
    for (let i = 0; i < HANDFUL; i++) {
      const { status } = await fetch(`${api.url}/v1/notifications`, {
        method: 'POST',
        headers: { authorization: `Bearer ${other}`, 'content-type': 'application/json' },
        body: JSON.stringify(letter(i, 'few')),
      });
      expect(status).toBe(202);
    }
    const before = smtp.messages.length;
    const isOfTheFew = ({ to }: { to: string[] }): boolean => to[0]!.includes('few-');
    await waitFor(() => smtp.messages.filter(isOfTheFew).length === HANDFUL, { what: 'the handful' });
    const last = smtp.messages.findLastIndex(isOfTheFew);
    // What was on its way already, then turn about; three windows are a busy machine's allowance, the backlog is seventy-five.
    expect(last - before).toBeLessThan(3 * WINDOW);
    expect(smtp.messages.filter((one) => !isOfTheFew(one)).length).toBeLessThan(BACKLOG);
  }, 60_000);
});
