import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** What a cluster needs to be found and entered again; kept beside the keys, mode 0600. */
export interface ClusterRecord {
  /** Tells this cluster's data from that of a checkout that was here before, or was copied from here. */
  id: string;
  password: string;
  port: number | undefined;
}

export function readClusterRecord(path: string): ClusterRecord {
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as ClusterRecord;
  const made = {
    id: randomBytes(8).toString('hex'),
    password: randomBytes(24).toString('base64url'),
    port: undefined,
  };
  writeClusterRecord(path, made);
  return made;
}

/** Whole or not at all: a torn password would lock us out of the data. */
export function writeClusterRecord(path: string, record: ClusterRecord): void {
  writeFileSync(`${path}.new`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  chmodSync(`${path}.new`, 0o600);
  renameSync(`${path}.new`, path);
}
