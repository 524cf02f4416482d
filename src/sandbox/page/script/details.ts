/** One arrival in full. The HTML of a mail is shown in a frame that may do nothing: no scripts, no forms, no
 * network. A link that somebody clicks opens in a tab of its own, as in any mail reader, and cannot reach back. */
export const details = String.raw`
const FRAME_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
const SIGNATURES = {
  valid: ['good', 'signature valid', 'A live secret of this endpoint signed exactly these bytes, within five minutes.'],
  invalid: ['bad', 'signature invalid', 'No live secret of this endpoint made this signature over these bytes.'],
  expired: ['warn', 'signature too old', 'The signature is right, but its timestamp is more than five minutes away.'],
  missing: ['bad', 'not signed', 'webhook-id, webhook-timestamp or webhook-signature is missing.'],
  no_endpoint: ['warn', 'unknown endpoint', 'No endpoint is registered with this URL, so there is no secret to check with.'],
};
const FAULT_BADGE = ['warn', 'sender was told nothing', 'The connection was cut after the body: this arrived, and Posthaste cannot know. Its outcome is in doubt.'];
const view = { email: 'html', sms: 'phone', webhook: 'body', sheet: 'desktop', scheme: matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light' };

const facts = (pairs) => h('dl', { class: 'facts' }, pairs.filter((pair) => pair[1]).flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]));
const headersTable = (item) => h('table', {}, h('tbody', {}, item.headers.map(([name, value]) => h('tr', {}, h('th', { scope: 'row' }, name), h('td', {}, value)))));
const source = (item) => h('pre', { tabindex: '0' }, item.raw);
const sizeText = (bytes) => bytes < 1024 ? bytes + ' B' : (bytes / 1024).toFixed(1) + ' KB';

function badgesOf(item, again) {
  return [
    item.channel === 'webhook' && badge(...SIGNATURES[item.parsed.signature]),
    item.fault && badge(...FAULT_BADGE),
    again > 0 && badge('warn', 'again', 'The same notification arrived ' + (again === 1 ? 'once' : again + ' times') + ' before: at-least-once, seen from the other side.'),
  ].filter(Boolean);
}

function choices(label, options, current, choose, more) {
  return h('div', { class: 'group ' + (more || ''), role: 'group', 'aria-label': label }, Object.entries(options).map(([value, text]) =>
    h('button', { type: 'button', 'aria-pressed': String(value === current), onclick: () => choose(value) }, text)));
}

function mailFrame(item) {
  const frame = h('iframe', { class: 'sheet ' + view.sheet + ' ' + view.scheme, sandbox: 'allow-popups allow-popups-to-escape-sandbox', referrerpolicy: 'no-referrer', title: 'The mail as its reader sees it' });
  // A frame follows the scheme of its element: the letter can be read by day and by night.
  frame.style.colorScheme = view.scheme;
  frame.srcdoc = '<meta http-equiv="Content-Security-Policy" content="' + FRAME_POLICY + '"><meta name="referrer" content="no-referrer"><base target="_blank">' + item.parsed.html;
  return frame;
}

function emailDetail(item, redraw) {
  const mail = item.parsed;
  const options = { html: 'HTML', text: 'Text', source: 'Source', headers: 'Headers' };
  if (!mail.html) delete options.html;
  if (item.notification_id) options.story = 'Story';
  const current = options[view.email] ? view.email : Object.keys(options)[0];
  const choose = (key) => (value) => { view[key] = value; redraw(); };
  const body = {
    html: () => mailFrame(item),
    text: () => mail.text ? h('pre', { class: 'letter', tabindex: '0' }, mail.text) : h('p', { class: 'quiet' }, mail.fault ? 'The mail could not be parsed: ' + mail.fault : 'This mail has no plain text.'),
    source: () => source(item),
    headers: () => headersTable(item),
    story: () => story(item),
  }[current]();
  return [
    h('h2', {}, item.subject || '(no subject)'),
    facts([['To', item.to], ['From', mail.from], ['Arrived', new Date(item.received_at).toLocaleString()], ['Notification', item.notification_id], ['Message-ID', mail.message_id],
      ['Attachments', mail.attachments.map((one) => (one.filename || one.mime_type) + ' (' + sizeText(one.size_bytes) + ')').join(', ')]]),
    h('div', { class: 'views' }, choices('View', options, current, choose('email')),
      current === 'html' && h('div', { class: 'group' }, choices('Width', { desktop: 'Wide', phone: 'Phone' }, view.sheet, choose('sheet'), 'widths'), choices('Scheme', { light: 'Light', dark: 'Dark' }, view.scheme, choose('scheme')))),
    h('div', { class: 'stage' }, body),
  ];
}

function smsDetail(item, redraw, select, siblings) {
  const options = { phone: 'Phone', source: 'Source', headers: 'Headers' };
  const current = options[view.sms] ? view.sms : 'phone';
  const bubbles = () => {
    const thread = siblings.filter((one) => one.to === item.to).slice(0, 50).reverse();
    const box = h('div', { class: 'bubbles', tabindex: '0' }, thread.flatMap((one) => [
      h('button', { class: 'bubble', type: 'button', 'aria-current': String(one.id === item.id), onclick: () => select(one.id) }, one.parsed.body),
      h('p', { class: 'bubble-meta' }, clockOf(one.received_at) + ' · ' + one.parsed.segments + (one.parsed.segments === 1 ? ' segment' : ' segments') + ' · ' + one.parsed.encoding),
    ]));
    requestAnimationFrame(() => {
      const bubble = box.querySelector('[aria-current=true]');
      if (bubble) box.scrollTop = bubble.offsetTop - box.offsetTop - box.clientHeight / 2;
    });
    return h('div', { class: 'phone-frame' }, h('div', { class: 'phone-head' }, h('b', {}, item.parsed.from), 'to ' + item.to), box);
  };
  return [
    h('h2', {}, item.to),
    facts([['From', item.parsed.from], ['Arrived', new Date(item.received_at).toLocaleString()], ['Segments', item.parsed.segments + ' × ' + item.parsed.encoding], ['Twilio SID', item.parsed.sid]]),
    h('div', { class: 'views' }, choices('View', options, current, (value) => { view.sms = value; redraw(); })),
    h('div', { class: 'stage' }, { phone: bubbles, source: () => source(item), headers: () => headersTable(item) }[current]()),
  ];
}

function webhookDetail(item, redraw) {
  const options = { body: 'Body', headers: 'Headers', source: 'Source' };
  if (item.notification_id) options.story = 'Story';
  const current = options[view.webhook] ? view.webhook : 'body';
  return [
    h('h2', {}, item.subject || 'POST ' + item.to),
    facts([['URL', item.parsed.url], ['Arrived', new Date(item.received_at).toLocaleString()], ['Notification', item.notification_id], ['Signature', SIGNATURES[item.parsed.signature][2]]]),
    h('div', { class: 'views' }, choices('View', options, current, (value) => { view.webhook = value; redraw(); })),
    h('div', { class: 'stage' }, { body: () => prettyJson(item.raw), headers: () => headersTable(item), source: () => source(item), story: () => story(item) }[current]()),
  ];
}

/** Indented and coloured, or as it came when it is no JSON. */
function prettyJson(raw) {
  let text;
  try { text = JSON.stringify(JSON.parse(raw), null, 2); } catch { return h('pre', { tabindex: '0' }, raw || '(empty)'); }
  const pre = h('pre', { tabindex: '0' });
  const token = /("(?:\\.|[^"\\])*")(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\b(?:true|false|null)\b/g;
  let at = 0;
  for (const match of text.matchAll(token)) {
    pre.append(text.slice(at, match.index));
    const kind = match[1] ? (match[2] ? 'k' : 's') : 'n';
    pre.append(h('span', { class: kind }, match[1] || match[0]), match[2] || '');
    at = match.index + match[0].length;
  }
  pre.append(text.slice(at));
  return pre;
}

/** What Posthaste itself says of this notification: status, what comes next, every attempt. */
function story(item) {
  const box = h('div', {}, h('p', { class: 'quiet' }, 'Reading its story …'));
  call('GET', '/v1/notifications/' + item.notification_id).then((told) => {
    const lines = (told.history || []).map((one) => {
      const kind = /taken|deliver|sent/.test(one.outcome || one.event || '') ? 'good' : /reject|dead|doubt|defer|not_sent|fail/.test(one.outcome || one.event || '') ? 'bad' : '';
      return h('li', { class: kind }, h('b', {}, (one.number ? 'Attempt ' + one.number + ': ' : '') + String(one.outcome || one.event || '').replaceAll('_', ' ')), ' ', h('span', { class: 'quiet' }, clockOf(one.at)),
        h('small', {}, [one.provider, one.code, one.detail, one.duration_ms === undefined || one.duration_ms === null ? null : one.duration_ms + ' ms'].filter(Boolean).join(' · ')));
    });
    box.replaceChildren(
      facts([['Status', told.status], ['Provider', told.provider], ['Attempts', told.attempts === undefined ? '' : told.attempts + (told.max_attempts ? ' of ' + told.max_attempts : '')],
        ['Next', told.next ? [told.next.action, told.next.reason].filter(Boolean).join(': ') : '']]),
      h('ul', { class: 'story', style: 'margin-top:16px' }, lines));
  }, (error) => box.replaceChildren(h('p', { class: 'quiet' }, error.message)));
  return box;
}
`;
