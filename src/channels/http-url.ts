/** Throws an Error that names the option and what is wanted; never repeats the URL, which may hold a secret. */
export function readHttpUrl(option: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) throw new Error(`${option} must be an http or https URL`);
  if (url.username !== '' || url.password !== '') throw new Error(`${option} must not contain credentials`);
  return url;
}

/** For what credentials travel to: without TLS only within this machine. */
export function readSafeUrl(option: string, text: string): URL {
  const url = readHttpUrl(option, text);
  if (url.protocol === 'http:' && !isThisMachine(url.hostname)) {
    throw new Error(`${option} must be https: plain http only reaches this machine`);
  }
  return url;
}

/** `URL` has already written addresses in their normal form. */
const isThisMachine = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
