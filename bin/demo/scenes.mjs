import { setTimeout as pause } from 'node:timers/promises';

/** Settled, or waiting for somebody: nothing more happens by itself. */
const AT_REST = new Set([
  'sent',
  'delivered',
  'bounced',
  'suppressed',
  'expired',
  'cancelled',
  'dead',
  'discarded',
  'in_doubt',
]);
/** The slowest scene is a call that is cut after 10 s. Milliseconds. */
const PATIENCE_MS = 20_000;
const LOOK_EVERY_MS = 100;

/**
 * What the demo sends, scene by scene. `run` makes the keys of one demo its own, so that it can be repeated.
 * Each scene answers `{title, id, remark?}` for every story worth telling.
 */
export async function play(instance, run) {
  const endpoint = await endpointOf(instance);
  const send = async (title, request, expected = [202]) => {
    const { id } = await instance.ask('POST', '/v1/notifications', request, expected);
    return { title, id };
  };
  const order = (id) => ({ order_id: `${id}-${run}`, total: '42.00 EUR' });

  const happy = [
    await send('An email', invoice(run, 'ada@example.com', 1)),
    await send('The same in German', { ...invoice(run, 'grete@example.com', 2), locale: 'de' }),
    await send('A code by SMS', {
      type: 'otp.code',
      channel: 'sms',
      recipient: 'user-7',
      to: '+41791234567',
      business_id: `login-${run}`,
      data: { code: '493027', valid_minutes: 10 },
      expires_in: '10m',
    }),
    await send('A webhook', webhook(endpoint, `order-1:${run}`, order('order-1'))),
  ];
  await atRest(instance, happy);

  const repeated = await duplicates(instance, run, happy[0]);
  const cancelled = await scheduledAndCancelled(instance, send, run);
  const retried = await downTwice(instance, () =>
    send('A webhook whose receiver is down twice', webhook(endpoint, `order-2:${run}`, order('order-2'))),
  );
  const doubtful = await answerLost(instance, () =>
    send('An email whose answer is lost, to be left to a person', {
      ...invoice(run, 'bob@example.com', 3),
      on_in_doubt: 'park',
    }),
  );
  return { stories: [...happy, cancelled, retried, doubtful], repeated };
}

const invoice = (run, recipient, number) => ({
  type: 'invoice.issued',
  channel: 'email',
  recipient,
  business_id: `inv-${number}:${run}`,
  data: { name: recipient.split('@')[0], total: '12.00 EUR' },
});

const webhook = (endpoint, businessId, data) => ({
  type: 'order.shipped',
  channel: 'webhook',
  recipient: 'acct-7',
  to: endpoint,
  business_id: businessId,
  data,
});

/** An endpoint that leads back into the sandbox: found again at the next demo. */
async function endpointOf(instance) {
  const url = `${instance.url}/sandbox/hooks/demo`;
  const uid = `demo:${instance.url}`;
  const { items } = await instance.ask('GET', `/v1/endpoints?uid=${encodeURIComponent(uid)}`);
  const known = items.find((one) => one.url === url && one.enabled);
  return (known ?? (await instance.ask('POST', '/v1/endpoints', { uid, url, types: ['order.*'] }))).id;
}

/** The same key again: with the same content, and with another. */
async function duplicates(instance, run, first) {
  const same = invoice(run, 'ada@example.com', 1);
  const other = { ...same, data: { ...same.data, total: '13.00 EUR' } };
  const again = await instance.call('POST', '/v1/notifications', same);
  const conflict = await instance.call('POST', '/v1/notifications', other);
  return [
    { what: 'again, the same content', isSame: again.body.id === first.id, ...again },
    { what: 'again, another total', isSame: conflict.body.id === first.id, ...conflict },
  ];
}

async function scheduledAndCancelled(instance, send, run) {
  const sendAt = new Date(Date.now() + 3_600_000).toISOString();
  const one = await send('An email for later, cancelled', {
    ...invoice(run, 'eve@example.com', 4),
    send_at: sendAt,
  });
  await instance.ask('POST', `/v1/notifications/${one.id}/cancel`);
  return one;
}

/** Faults hit whatever comes next by that channel, so nothing else may be under way. */
async function downTwice(instance, send) {
  await instance.ask('POST', '/v1/sandbox/faults', { channel: 'webhook', fault: 'defer', times: 2 });
  return restOf(instance, 'webhook', send);
}

async function answerLost(instance, send) {
  await instance.ask('POST', '/v1/sandbox/faults', { channel: 'email', fault: 'drop_after_body', times: 1 });
  return restOf(instance, 'email', send);
}

async function restOf(instance, channel, send) {
  try {
    const one = await send();
    await atRest(instance, [one]);
    return one;
  } finally {
    await instance.ask('DELETE', `/v1/sandbox/faults?channel=${channel}`);
  }
}

/** Waits until nothing more happens by itself; gives up quietly: the story says what it waits for. */
async function atRest(instance, scenes) {
  const deadline = performance.now() + PATIENCE_MS;
  for (const { id } of scenes) {
    while (performance.now() < deadline) {
      const { status } = await instance.ask('GET', `/v1/notifications/${id}`);
      if (AT_REST.has(status)) break;
      await pause(LOOK_EVERY_MS);
    }
  }
}
