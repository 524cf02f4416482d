import { readFileSync } from 'node:fs';

/** A secret is a line, not a disk: what is larger was mounted by mistake. */
const MAX_SECRET_BYTES = 64 * 1024;

/**
 * `NAME_FILE` beside `NAME`: the file's content is the value, as Docker and Kubernetes mount secrets, so that none stands in
 * the environment, where every child and `docker inspect` sees it. Answers the environment with these names filled in.
 */
export function withSecretFiles(
  env: NodeJS.ProcessEnv,
  names: readonly string[],
): { env: NodeJS.ProcessEnv; faults: string[] } {
  const filled = { ...env };
  const faults: string[] = [];
  for (const name of names) {
    const path = env[`${name}_FILE`]?.trim() ?? '';
    if (path === '') continue;
    if ((env[name]?.trim() ?? '') !== '') {
      faults.push(`${name}_FILE stands beside ${name}: set one of the two`);
      continue;
    }
    const read = readSecret(path);
    if ('fault' in read) faults.push(`${name}_FILE ${read.fault}`);
    else filled[name] = read.secret;
  }
  return { env: filled, faults };
}

/** The content without the line's end that editors add. What it says never reaches a fault's text. */
function readSecret(path: string): { secret: string } | { fault: string } {
  try {
    const secret = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    if (secret === '') return { fault: `names ${path}, which is empty` };
    return secret.length > MAX_SECRET_BYTES
      ? { fault: `names ${path}, which is no secret: it is too large` }
      : { secret };
  } catch (error) {
    return {
      fault: `names ${path}, which cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`,
    };
  }
}
