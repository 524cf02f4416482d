// Old syntax on purpose: this must still speak on the Node it refuses.

/** Nest 12 and TypeORM 1.1 ask for this one. */
const LEAST = [20, 19];

/** Ends the process with a sentence when this Node is too old. */
export function requireNode() {
  const version = process.versions.node.split('.').map(Number);
  if (version[0] > LEAST[0] || (version[0] === LEAST[0] && version[1] >= LEAST[1])) return;
  console.error(
    'Posthaste needs Node ' +
      LEAST.join('.') +
      ' or newer; this is ' +
      process.version +
      '. Install a newer one: https://nodejs.org',
  );
  process.exit(1);
}
