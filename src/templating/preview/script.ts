/** Plain script for any browser of today. What is rendered is put in as text, or into a frame that can do nothing. */
export const script = String.raw`'use strict';
(() => {
const KEY = 'posthaste.api_key';
const SETTLED_MS = 250; // one rendering per pause in typing, not per key
const $ = (id) => document.getElementById(id);
const state = { types: [], type: null, locale: '', part: 'html', width: 'desktop', scheme: matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light', shown: null };
let asking = null;
let timer = 0;
let round = 0;

function h(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props || {})) {
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (value !== undefined) node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

async function call(method, path, body) {
  for (;;) {
    const key = sessionStorage.getItem(KEY) || '';
    const headers = {};
    if (key) headers.authorization = 'Bearer ' + key;
    if (body) headers['content-type'] = 'application/json';
    const response = await fetch(path, { method, headers, body: body && JSON.stringify(body), cache: 'no-store' });
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return answer;
    if (response.status === 401 && (await askKey(key ? 'This key was not accepted.' : ''))) continue;
    throw Object.assign(new Error(answer.detail || answer.title || 'The answer was ' + response.status + '.'), { errors: answer.errors });
  }
}

/** One dialog however many calls wait for it. Resolves true when there is a key to try. */
function askKey(fault) {
  if (asking) return asking;
  asking = new Promise((resolve) => {
    let isGiven = false;
    $('key-fault').textContent = fault;
    $('key-input').value = '';
    $('key-form').onsubmit = (event) => {
      event.preventDefault();
      sessionStorage.setItem(KEY, $('key-input').value.trim());
      isGiven = true;
      $('key').close();
    };
    $('key').addEventListener('close', () => { asking = null; resolve(isGiven); }, { once: true });
    $('key').showModal();
  });
  return asking;
}

const sample = () => state.type.samples[state.locale] || state.type.sample;
const sampleText = () => JSON.stringify(sample(), null, 2);
const PARTS = [['html', 'email.html', 'HTML'], ['text', 'email.text', 'Text'], ['sms', 'sms', 'SMS']];
const partsOf = (type) => Object.fromEntries(PARTS.filter(([, part]) => type.parts.includes(part)).map(([key, , label]) => [key, label]));

function choices(into, options, current, choose) {
  $(into).replaceChildren(...Object.entries(options).map(([value, text]) =>
    h('button', { type: 'button', 'aria-pressed': String(value === current), onclick: () => { choose(value); focusOn(into, value, options); } }, text)));
}

/** The buttons are made anew; the focus stays on the one that was pressed. */
function focusOn(into, value, options) {
  const again = [...$(into).children].find((button) => button.textContent === options[value]);
  if (again) again.focus();
}

function faults(list) {
  $('faults').replaceChildren(...list.map(({ path, message }) => h('li', {}, ...(path ? [h('code', {}, path), ' '] : []), message)));
  $('data').setAttribute('aria-invalid', String(list.length > 0));
  $('stage').classList.toggle('stale', list.length > 0);
}

function mail(html) {
  const frame = h('iframe', { class: 'sheet ' + state.width + ' ' + state.scheme, sandbox: '', referrerpolicy: 'no-referrer', title: 'The email as its reader sees it' });
  // A frame follows the scheme of its element: the letter can be read by day and by night.
  frame.style.colorScheme = state.scheme;
  frame.srcdoc = html;
  return frame;
}

function phone(sms) {
  const characters = [...sms.text].length;
  return h('div', { class: 'phone-frame' },
    h('div', { class: 'phone-head' }, state.type.name),
    h('div', { class: 'bubbles' },
      h('p', { class: 'bubble' }, sms.text),
      h('p', { class: 'measure' }, characters + ' characters, ' + sms.segments + (sms.segments === 1 ? ' segment, ' : ' segments, ') + sms.encoding)));
}

function draw() {
  const { shown, type } = state;
  if (!type) return;
  const parts = partsOf(type);
  if (!parts[state.part]) state.part = Object.keys(parts)[0];
  const set = (key) => (value) => { state[key] = value; draw(); };
  choices('views', parts, state.part, set('part'));
  choices('widths', state.part === 'html' ? { desktop: 'Wide', phone: 'Phone' } : {}, state.width, set('width'));
  choices('schemes', state.part === 'html' ? { light: 'Light', dark: 'Dark' } : {}, state.scheme, set('scheme'));
  $('subject-line').hidden = state.part === 'sms';
  $('stage').classList.toggle('plain', state.part === 'sms');
  if (!shown) return $('stage').replaceChildren();
  $('subject').textContent = shown.email ? shown.email.subject : '';
  const make = { html: () => mail(shown.email.html), text: () => h('pre', { tabindex: '0' }, shown.email.text), sms: () => phone(shown.sms) };
  $('stage').replaceChildren(make[state.part]());
}

function drawTypes() {
  $('types').replaceChildren(...state.types.map((type) => {
    const kinds = [type.parts.includes('email.text') && 'email', type.parts.includes('sms') && 'sms', ...type.locales].filter(Boolean).join(', ');
    return h('li', {}, h('button', { type: 'button', 'aria-current': String(type === state.type), onclick: () => { location.hash = type.name; } }, h('b', {}, type.name), h('small', {}, kinds)));
  }));
}

async function render() {
  const mine = ++round;
  let data;
  try { data = JSON.parse($('data').value); } catch (error) { return faults([{ path: '', message: 'Not JSON: ' + error.message }]); }
  try {
    const shown = await call('POST', '/v1/templates/' + encodeURIComponent(state.type.name) + '/preview', { data, ...(state.locale ? { locale: state.locale } : {}) });
    if (mine !== round) return;
    state.shown = shown;
    faults([]);
    draw();
  } catch (error) {
    if (mine === round) faults(error.errors || [{ path: '', message: error.message }]);
  }
}

function choose(type) {
  Object.assign(state, { type, locale: '', shown: null });
  $('locale').replaceChildren(h('option', { value: '' }, 'default'), ...type.locales.map((locale) => h('option', { value: locale }, locale)));
  $('locale-pick').hidden = type.locales.length === 0;
  $('data').value = sampleText();
  drawTypes();
  draw();
  void render();
}

function followHash() {
  // A link may bring the key along (#key=ph_…): it is kept in this tab and taken out of the address at once.
  if (location.hash.startsWith('#key=')) {
    sessionStorage.setItem(KEY, decodeURIComponent(location.hash.slice(5)));
    history.replaceState(null, '', location.pathname);
  }
  const type = state.types.find(({ name }) => name === location.hash.slice(1)) || state.types[0];
  if (type && type !== state.type) choose(type);
}

$('locale').addEventListener('change', () => {
  const isSample = $('data').value === sampleText();
  state.locale = $('locale').value;
  if (isSample) $('data').value = sampleText(); // what was typed stays, a sample follows the language
  void render();
});
$('data').addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(render, SETTLED_MS); });
$('reset').addEventListener('click', () => { $('data').value = sampleText(); void render(); });
$('key-close').addEventListener('click', () => $('key').close());
$('open-key').addEventListener('click', async () => { if (await askKey('')) void start(); });
addEventListener('hashchange', followHash);

async function start() {
  followHash();
  try {
    state.types = (await call('GET', '/v1/templates')).items;
    state.type = null;
    faults([]);
    followHash();
  } catch (error) {
    faults([{ path: '', message: error.message }]);
  }
}
void start();
})();`;
