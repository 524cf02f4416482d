import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { runProgram } from './program.mjs';

/** Runs `npm ci` when what is installed is not what package-lock.json says. */
export async function installPackages(life, root) {
  // Someone shares them between checkouts; npm ci would empty the folder behind the link.
  if (isLink(join(root, 'node_modules'))) return 'node_modules is a link: left alone';
  const reason = reasonToInstall(root);
  if (!reason) return 'nothing new';
  console.log(`  ${reason}: npm ci`);
  const { npm_execpath: npm } = process.env;
  const [command, ...first] = npm?.endsWith('.js') ? [process.execPath, npm] : ['npm'];
  // Named, because NODE_ENV=production would leave out the compiler, and a user's omit= the database.
  const flags = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund'];
  await runProgram(life, command, [...first, ...flags], {
    cwd: root,
    isShown: true,
    complaint: 'The packages could not be installed: npm says why, above',
  });
  return undefined;
}

/**
 * npm writes node_modules/.package-lock.json last, so it is missing after an install that was cut off; and it says what
 * is there, so an `npm ci` by hand counts as well as ours.
 */
export function reasonToInstall(root) {
  const installedFile = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedFile)) return 'the packages are not installed';
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const installed = packagesOf(installedFile);
  const differs = Object.entries(wanted).some(
    ([path, one]) =>
      path !== '' && !one.link && !isSame(one, installed[path]) && !mayBeMissing(one, installed[path]),
  );
  return differs ? 'package-lock.json has changed' : undefined;
}

const isLink = (path) => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;

const packagesOf = (file) => JSON.parse(readFileSync(file, 'utf8')).packages ?? {};

const isSame = (one, other) =>
  other !== undefined && one.version === other.version && one.integrity === other.integrity;

/** Binaries of other platforms, and whatever npm was allowed to fail on. */
const mayBeMissing = (one, installed) =>
  installed === undefined && (one.optional || one.devOptional || one.peer);
