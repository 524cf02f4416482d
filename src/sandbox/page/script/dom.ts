/** Building blocks. What arrived is put in as text only: nothing here ever sets innerHTML. */
export const dom = String.raw`
const $ = (id) => document.getElementById(id);

/** h('b', { class: 'x', onclick: f }, 'text', node, [nodes]): an element; what is null or false is left out. */
function h(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? '' : String(value));
  }
  node.append(...children.flat().filter((one) => one !== null && one !== undefined && one !== false));
  return node;
}

const badge = (kind, text, title) => h('span', { class: 'badge ' + kind, title }, text);

function drawing(...paths) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  for (const d of paths) {
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    path.setAttribute('d', d);
    svg.append(path);
  }
  return svg;
}

function say(text) { $('said').textContent = text; }

let noticeTimer = 0;
function notice(text) {
  $('notice').textContent = text;
  $('notice').hidden = false;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => { $('notice').hidden = true; }, 5000);
}

function ago(iso) {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(iso)) / 1000));
  if (seconds < 3) return 'now';
  if (seconds < 60) return seconds + ' s';
  if (seconds < 3600) return Math.floor(seconds / 60) + ' min';
  if (seconds < 86400) return Math.floor(seconds / 3600) + ' h';
  return new Date(iso).toLocaleDateString();
}
const timeOf = (iso) => h('time', { datetime: iso, title: new Date(iso).toLocaleString() }, ago(iso));
const clockOf = (iso) => new Date(iso).toLocaleTimeString();

/** Arrow keys, Home and End move the focus among the children of a row or column that match. */
function roving(container, selector, previous, next) {
  container.addEventListener('keydown', (event) => {
    const all = [...container.querySelectorAll(selector)];
    const at = all.indexOf(document.activeElement);
    const to = event.key === next ? at + 1 : event.key === previous ? at - 1 : event.key === 'Home' ? 0 : event.key === 'End' ? all.length - 1 : -2;
    if (at < 0 || to === -2) return;
    event.preventDefault();
    const target = all[Math.max(0, Math.min(all.length - 1, to))];
    target.focus();
    if (target.getAttribute('role') === 'tab') target.click();
  });
}
`;
