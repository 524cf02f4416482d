/** The faults panel: order, see what is still to come, clear. */
export const faults = String.raw`
const KINDS = {
  defer: ['Defer', '“Not now”: greylisted, busy, unavailable. Posthaste retries.'],
  reject: ['Reject', '“Never”: no such mailbox, no such number, 400. No retry will help.'],
  throttle: ['Throttle', '“Slower”: 421 or 429. Posthaste holds the gate and waits.'],
  hang: ['Hang', 'Everything is read, nothing is kept, no answer comes.'],
  drop_after_body: ['Drop after body', 'It arrives, then the line is cut without an answer: in doubt.'],
};
const CHANNEL_NAMES = { email: 'Email', sms: 'SMS', webhook: 'Webhooks' };

function setUpFaults() {
  $('fault-kinds').append(...Object.entries(KINDS).map(([kind, [name, text]], i) =>
    h('label', { class: 'kind' }, h('input', { type: 'radio', name: 'fault', value: kind, checked: i === 0 }), h('span', {}, h('b', {}, name), h('small', {}, text)))));
  $('open-faults').addEventListener('click', () => {
    $('fault-channel').value = state.channel;
    $('faults').showModal();
    refreshFaults();
  });
  $('fault-form').addEventListener('submit', async (event) => {
    event.preventDefault();
    const fault = document.querySelector('input[name=fault]:checked').value;
    await act(() => call('POST', '/v1/sandbox/faults', { channel: $('fault-channel').value, fault, times: Number($('fault-times').value) }));
    await refreshFaults();
  });
  $('clear-faults').addEventListener('click', async () => {
    await act(() => call('DELETE', '/v1/sandbox/faults'));
    await refreshFaults();
  });
}

async function act(what) {
  try { await what(); } catch (error) { notice(error.message); }
}

async function refreshFaults() {
  let orders;
  try { orders = (await call('GET', '/v1/sandbox/faults')).items; } catch { return; }
  const remaining = orders.reduce((sum, one) => sum + one.remaining, 0);
  $('fault-count').textContent = String(remaining);
  $('fault-count').hidden = remaining === 0;
  $('clear-faults').hidden = remaining === 0;
  $('orders').replaceChildren(...(orders.length === 0
    ? [h('li', { class: 'quiet' }, 'None: everything is taken.')]
    : orders.map((one) => h('li', {}, h('span', {}, CHANNEL_NAMES[one.channel] + ': ' + KINDS[one.fault][0].toLowerCase()), h('b', {}, one.remaining + ' of ' + one.times)))));
}
`;
