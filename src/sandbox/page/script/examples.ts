/** What to try first, as curl and as a button. The types are those of the templates that come with the service. */
export const examples = String.raw`
const EXAMPLES = {
  email: {
    title: 'No mail yet',
    text: 'Every email that Posthaste sends ends here, over real SMTP. Send the first one.',
    drawing: ['M3 6h18v12H3z', 'm3 7 9 7 9-7'],
    steps: (id) => [['POST', '/v1/notifications', { type: 'welcome', recipient: 'ada@example.com', business_id: 'welcome-' + id, channel: 'email', data: { name: 'Ada', start_url: 'https://app.northwind.example/start' } }]],
  },
  sms: {
    title: 'No texts yet',
    text: 'Every SMS goes to a small Twilio inside this sandbox, over real HTTP. No phone is hurt. Send the first one.',
    drawing: ['M4 5h16v11H11l-4 4v-4H4z', 'M8 9h8M8 12h5'],
    steps: (id) => [['POST', '/v1/notifications', { type: 'otp.code', recipient: '+14155550123', business_id: 'login-' + id, channel: 'sms', data: { code: '493027', valid_minutes: 10 } }]],
  },
  webhook: {
    title: 'No webhooks yet',
    text: 'Point an endpoint at this sandbox and post an event: the call arrives here, its signature checked as a subscriber would.',
    drawing: ['M10 13a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.700-5.700l-1.300 1.300', 'M14 11a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.700 5.700l1.300-1.300'],
    steps: (id) => [
      ['POST', '/v1/endpoints', { uid: 'sandbox-demo', url: location.origin + '/sandbox/hooks/demo', types: ['invoice.*'] }],
      ['POST', '/v1/events', { type: 'invoice.paid', business_id: 'inv-' + id, data: { number: '2026-1001', total: '129.60 EUR' } }],
    ],
  },
};

const shortId = () => Math.random().toString(36).slice(2, 8);
const quoted = (text) => "'" + text.replaceAll("'", "'\\''") + "'";

function curlOf(steps, key) {
  return steps.map(([method, path, body]) => [
    'curl -X ' + method + ' ' + location.origin + path,
    "  -H 'authorization: Bearer " + key + "'",
    "  -H 'content-type: application/json'",
    '  -d ' + quoted(JSON.stringify(body)),
  ].join(' \\\n')).join('\n\n');
}

async function sendExample(channel, button) {
  button.disabled = true;
  try {
    for (const [method, path, body] of EXAMPLES[channel].steps(shortId())) {
      try {
        await call(method, path, body);
      } catch (error) {
        // The endpoint of an earlier try is as good as a new one.
        if (!(path === '/v1/endpoints' && error.status === 409)) throw error;
      }
    }
    notice('Accepted. It should land here in a moment.');
  } catch (error) {
    if (error.status !== 401) notice(error.message);
  } finally {
    button.disabled = false;
  }
}

function renderEmpty(channel) {
  const example = EXAMPLES[channel];
  const steps = example.steps(shortId());
  const key = storedKey();
  // The screen shows only which key it is; what is copied works as it stands.
  const shown = curlOf(steps, key ? key.slice(0, 7) + '…' : 'YOUR_API_KEY');
  const copy = h('button', { class: 'ghost', type: 'button', onclick: async () => {
    try {
      await navigator.clipboard.writeText(curlOf(steps, key || 'YOUR_API_KEY'));
      notice('Copied.');
    } catch {
      notice('Copying is not allowed here: select the text instead.');
    }
  } }, 'Copy');
  const send = h('button', { class: 'primary', type: 'button' }, 'Send one now');
  send.addEventListener('click', () => sendExample(channel, send));
  $('empty').replaceChildren(
    h('div', { class: 'stamp' }, drawing(...example.drawing)),
    h('h2', {}, example.title),
    h('p', { class: 'quiet' }, example.text),
    send,
    h('div', { class: 'try' }, h('div', { class: 'row' }, h('span', { class: 'quiet' }, 'or from a terminal'), copy), h('pre', {}, shown)),
  );
}
`;
