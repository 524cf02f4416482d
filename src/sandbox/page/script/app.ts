/** Lists, selection, the live loop. The address' fragment is what is shown: `#sms/12`, so Back works on a phone. */
export const app = String.raw`
const CHANNELS = ['email', 'sms', 'webhook'];
const KEPT_IN_PAGE = 500;
const PAGE = 50;
const POLL_MS = 1000;

const state = { channel: 'email', selected: null, filter: '', lastId: 0, isLive: true, isLost: false, isReady: false,
  lists: { email: [], sms: [], webhook: [] }, hasOlder: { email: false, sms: false, webhook: false }, found: [], hasOlderFound: false };

const itemsOf = (channel) => {
  if (!state.filter || channel !== state.channel) return state.lists[channel];
  const needle = state.filter.toLowerCase();
  const known = new Map();
  for (const one of [...state.lists[channel], ...state.found]) {
    if ((one.to + ' ' + (one.subject || '')).toLowerCase().includes(needle)) known.set(one.id, one);
  }
  return [...known.values()].sort((a, b) => b.id - a.id);
};
const find = (id) => itemsOf(state.channel).find((one) => one.id === id);
const isNarrow = matchMedia('(max-width: 760px)');
/** What was chosen; with nothing chosen and room beside the list, the newest, whatever it is by now. */
const shown = () => find(state.selected) || (isNarrow.matches ? undefined : itemsOf(state.channel)[0]);
const arrivedBefore = (item) => item.notification_id ? state.lists[item.channel].filter((one) => one.notification_id === item.notification_id && one.id < item.id).length : 0;

function gist(item) {
  if (item.channel === 'sms') return [item.parsed.body, ''];
  if (item.channel === 'email') return [item.subject || '(no subject)', (item.parsed.text || '').replace(/\s+/g, ' ').trim().slice(0, 120)];
  return [item.subject || 'POST', item.raw.slice(0, 120)];
}

function row(item, isFresh) {
  const [what, more] = gist(item);
  return h('li', {}, h('button', { class: 'item' + (isFresh ? ' fresh' : ''), type: 'button', 'data-id': item.id, 'aria-current': String(item.id === state.selected), onclick: () => select(item.id) },
    h('span', { class: 'who' }, h('span', {}, item.to), timeOf(item.received_at)),
    h('span', { class: 'what' }, what), more && h('span', { class: 'gist' }, more),
    h('div', { class: 'badges' }, badgesOf(item, arrivedBefore(item)))));
}

function draw() {
  const items = itemsOf(state.channel);
  const isEmpty = state.isReady && state.lists[state.channel].length === 0 && !state.filter;
  for (const tab of document.querySelectorAll('[role=tab]')) {
    const channel = tab.dataset.channel;
    tab.setAttribute('aria-selected', String(channel === state.channel));
    tab.tabIndex = channel === state.channel ? 0 : -1;
  }
  $('panel').setAttribute('aria-labelledby', 'tab-' + state.channel);
  $('list').replaceChildren(...items.map((one) => row(one, false)));
  $('nothing').hidden = !(state.filter && items.length === 0);
  $('older').hidden = !(state.filter ? state.hasOlderFound : state.hasOlder[state.channel]);
  $('clear').hidden = isEmpty;
  $('empty').hidden = !isEmpty;
  document.querySelector('.side').hidden = isEmpty;
  $('detail').hidden = isEmpty;
  if (isEmpty) renderEmpty(state.channel);
  drawCounts();
  drawDetail();
}

function drawCounts() {
  for (const tab of document.querySelectorAll('[role=tab]')) {
    const channel = tab.dataset.channel;
    const count = state.lists[channel].length;
    tab.querySelector('.count').textContent = count === 0 ? '' : count + (state.hasOlder[channel] ? '+' : '');
  }
}

function drawDetail() {
  const item = shown();
  document.body.classList.toggle('reading', Boolean(item));
  for (const button of $('list').querySelectorAll('.item')) button.setAttribute('aria-current', String(Boolean(item) && Number(button.dataset.id) === item.id));
  if (!item) return $('detail').replaceChildren(h('p', { class: 'choose' }, 'Choose one to look at it.'));
  const make = { email: emailDetail, sms: smsDetail, webhook: webhookDetail }[item.channel];
  $('detail').replaceChildren(
    h('button', { class: 'ghost back', type: 'button', onclick: () => { location.hash = state.channel; } }, '← Back'),
    h('div', { class: 'badges' }, badgesOf(item, arrivedBefore(item))),
    ...make(item, redrawDetail, select, state.lists[item.channel]));
}

/** Keeps the focus on the choice that was made, though its button is a new one. */
function redrawDetail() {
  const focused = document.activeElement && document.activeElement.textContent;
  drawDetail();
  const again = [...$('detail').querySelectorAll('.views button')].find((button) => button.textContent === focused);
  if (again) again.focus();
}

function select(id) { location.hash = state.channel + '/' + id; }

function followHash() {
  // A link may bring the key along (#key=ph_…): it is kept in this tab and taken out of the address at once.
  if (location.hash.startsWith('#key=')) {
    sessionStorage.setItem(KEY, decodeURIComponent(location.hash.slice(5)));
    history.replaceState(null, '', location.pathname);
  }
  const [channel, id] = location.hash.slice(1).split('/');
  const isNewChannel = CHANNELS.includes(channel) && channel !== state.channel;
  if (CHANNELS.includes(channel)) state.channel = channel;
  state.selected = id ? Number(id) : null;
  if (isNewChannel) { state.filter = $('filter').value = ''; state.found = []; draw(); } else drawDetail();
  if (state.selected && isNarrow.matches) { $('panel').scrollTop = 0; $('detail').focus(); }
}

/** Puts new ones on top without touching what is being read. */
function land(items) {
  const here = [];
  for (const item of [...items].reverse()) {
    const list = state.lists[item.channel];
    if (list.some((one) => one.id === item.id)) continue;
    list.unshift(item);
    if (list.length > KEPT_IN_PAGE) { list.length = KEPT_IN_PAGE; state.hasOlder[item.channel] = true; }
    if (item.channel === state.channel) here.push(item);
  }
  if (!$('empty').hidden) { draw(); }
  else for (const item of here) if (find(item.id)) $('list').prepend(row(item, true));
  while ($('list').children.length > KEPT_IN_PAGE) $('list').lastElementChild.remove();
  drawCounts();
  if (here.length > 0) say(here.length + ' new in ' + CHANNEL_NAMES[state.channel]);
  const open = shown();
  const isNewest = here.includes(open);
  const isInThread = open && open.channel === 'sms' && view.sms === 'phone' && here.some((one) => one.to === open.to);
  if (isNewest || isInThread) drawDetail();
}

/** Reads the newest of every channel: at the start, after a clear, and when more came at once than anyone can watch. */
async function reload() {
  const answers = await Promise.all(CHANNELS.map((channel) => call('GET', query({ channel, limit: PAGE }))));
  CHANNELS.forEach((channel, i) => {
    state.lists[channel] = answers[i].items;
    state.hasOlder[channel] = answers[i].has_more;
  });
  state.lastId = Math.max(0, ...CHANNELS.flatMap((channel) => state.lists[channel].map((one) => one.id)));
  state.isReady = true;
  draw();
}

async function poll() {
  const answer = await call('GET', query({ after: state.lastId, limit: 200 }));
  if (answer.has_more) return reload();
  if (answer.items.length === 0) return;
  state.lastId = answer.items[0].id;
  land(answer.items);
}

async function turn(ticks) {
  if (!document.hidden && state.isLive && !asking) {
    try {
      await (state.isReady ? poll() : reload());
      if ($('faults').open || ticks % 3 === 0) await refreshFaults();
      lost(false);
    } catch (error) {
      lost(error.status === undefined || error.status >= 500);
      if (error.status === 401) setLive(false);
    }
    for (const time of document.querySelectorAll('#list time')) time.textContent = ago(time.dateTime);
  }
  setTimeout(turn, POLL_MS, ticks + 1);
}

function lost(isLost) {
  state.isLost = isLost;
  $('live').classList.toggle('lost', isLost);
  $('live').querySelector('span').textContent = isLost ? 'Reconnecting' : state.isLive ? 'Live' : 'Paused';
}
function setLive(isLive) {
  state.isLive = isLive;
  $('live').setAttribute('aria-pressed', String(isLive));
  lost(false);
}

async function older() {
  const items = itemsOf(state.channel);
  const before = items.length > 0 ? items[items.length - 1].id : undefined;
  const answer = await call('GET', query({ channel: state.channel, before, search: state.filter, limit: PAGE }));
  if (state.filter) { state.found.push(...answer.items); state.hasOlderFound = answer.has_more; }
  else { state.lists[state.channel].push(...answer.items); state.hasOlder[state.channel] = answer.has_more; }
  draw();
}

let searchTimer = 0;
function filterBy(text) {
  state.filter = text.trim();
  state.found = [];
  state.hasOlderFound = false;
  draw();
  clearTimeout(searchTimer);
  if (!state.filter) return;
  // What is loaded is filtered at once; the rest is asked for when the typing stops.
  searchTimer = setTimeout(() => act(async () => {
    const asked = state.filter;
    const answer = await call('GET', query({ channel: state.channel, search: asked, limit: PAGE }));
    if (asked !== state.filter) return;
    state.found = answer.items;
    state.hasOlderFound = answer.has_more;
    draw();
  }), 250);
}

function setUp() {
  roving(document.querySelector('.tabs'), '[role=tab]', 'ArrowLeft', 'ArrowRight');
  roving($('list'), '.item', 'ArrowUp', 'ArrowDown');
  for (const tab of document.querySelectorAll('[role=tab]')) tab.addEventListener('click', () => { location.hash = tab.dataset.channel; });
  for (const button of document.querySelectorAll('[data-close]')) button.addEventListener('click', () => button.closest('dialog').close());
  $('live').addEventListener('click', () => setLive(!state.isLive));
  $('filter').addEventListener('input', (event) => filterBy(event.target.value));
  $('older').addEventListener('click', () => act(older));
  $('clear').addEventListener('click', () => act(async () => {
    if (!confirm('Remove everything that arrived in ' + CHANNEL_NAMES[state.channel] + '?')) return;
    await call('DELETE', '/v1/sandbox/messages?channel=' + state.channel);
    location.hash = state.channel;
    await reload();
  }));
  $('open-key').addEventListener('click', async () => { if (await askKey('')) { setLive(true); await act(reload); } });
  addEventListener('hashchange', followHash);
  addEventListener('keydown', (event) => {
    if (event.key === '/' && !event.ctrlKey && !event.metaKey && !/^(INPUT|SELECT)$/.test(document.activeElement.tagName) && !document.querySelector('dialog[open]')) { event.preventDefault(); $('filter').focus(); }
    if (event.key === 'Escape' && state.selected !== null && !document.querySelector('dialog[open]') && document.activeElement !== $('filter')) location.hash = state.channel;
  });
  isNarrow.addEventListener('change', drawDetail);
  setUpFaults();
  followHash();
  draw();
  turn(0);
}
setUp();
`;
