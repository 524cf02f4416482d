import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

import { Fault } from './fault.mjs';

/** The environment, over what `.env` says. */
export function environmentOf(root) {
  const file = join(root, '.env');
  const written = existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {};
  return { ...written, ...process.env };
}

/** Where the server will listen, as a client of this machine names it; the port is known to be free. */
export async function addressOf(env) {
  const host = env.HOST || '127.0.0.1';
  const wanted = env.PORT || '3000';
  if (!/^\d{1,5}$/.test(wanted) || Number(wanted) > 65_535)
    throw new Fault('PORT must be a port, 0 to 65535.');
  const port = await probe(host, Number(wanted));
  const reached =
    { '0.0.0.0': '127.0.0.1', '::': '[::1]' }[host] ?? (host.includes(':') ? `[${host}]` : host);
  return { port, url: `http://${reached}:${port}` };
}

function probe(host, port) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => reject(new Fault(whyNot(error, host, port))));
    server.listen(port, host, () => {
      const chosen = server.address().port;
      server.close(() => resolve(chosen));
    });
  });
}

function whyNot(error, host, port) {
  if (error.code === 'EADDRINUSE') {
    return `Port ${port} is taken by another program. Stop it, or choose another port:\n\n    PORT=${port + 1 > 65_535 ? 3001 : port + 1} npm start\n`;
  }
  if (error.code === 'EACCES')
    return `Port ${port} may not be opened by this user. Choose another:\n\n    PORT=3001 npm start\n`;
  return `Nothing can listen on ${host}, port ${port} (${error.code}): check HOST and PORT.`;
}
