/** Calls the API with the key of this tab; asks for one when it gets 401. */
export const api = String.raw`
const KEY = 'posthaste.api_key';
const storedKey = () => sessionStorage.getItem(KEY) || '';
let asking = null;

async function call(method, path, body) {
  for (;;) {
    const key = storedKey();
    const response = await fetch(path, {
      method,
      headers: Object.assign({}, key ? { authorization: 'Bearer ' + key } : {}, body ? { 'content-type': 'application/json' } : {}),
      body: body ? JSON.stringify(body) : undefined,
      cache: 'no-store',
    });
    if (response.status === 401) {
      // Another call has asked meanwhile: this refusal is about the key before.
      if (storedKey() !== key) continue;
      if (!(await askKey(key ? 'This key was not accepted.' : ''))) throw Object.assign(new Error('An API key is needed.'), { status: 401 });
      continue;
    }
    const text = await response.text();
    let answer = null;
    try { answer = text ? JSON.parse(text) : null; } catch { answer = null; }
    if (!response.ok) throw Object.assign(new Error((answer && (answer.detail || answer.title)) || 'The answer was ' + response.status + '.'), { status: response.status });
    return answer;
  }
}

/** One dialog however many calls wait for it. Resolves true when there is a key to try. */
function askKey(fault) {
  if (asking) return asking;
  asking = new Promise((resolve) => {
    const dialog = $('key');
    $('key-fault').textContent = fault || '';
    $('key-input').value = '';
    let given = false;
    const submit = (event) => {
      event.preventDefault();
      const key = $('key-input').value.trim();
      if (!key) return;
      sessionStorage.setItem(KEY, key);
      given = true;
      dialog.close();
    };
    $('key-form').addEventListener('submit', submit);
    dialog.addEventListener('close', () => {
      $('key-form').removeEventListener('submit', submit);
      asking = null;
      resolve(given);
    }, { once: true });
    dialog.showModal();
    $('key-input').focus();
  });
  return asking;
}

const query = (params) => {
  const set = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) if (value !== undefined && value !== '') set.set(name, value);
  return '/v1/sandbox/messages?' + set;
};
`;
