import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { makeRunFolder } from '../../support/run-folder.js';

const MEBIBYTE = 1_048_576;

/** A file system of its own, small enough to be filled. Undefined: this account may not mount one. */
export interface SmallDisk {
  /** A cluster's, on it. */
  folder: string;
  /** Takes every free byte of it. */
  fill(): void;
  /** Gives them back. */
  free(): void;
  unmount(): void;
}

/** In memory. */
export function mountSmallDisk(sizeMiB: number): SmallDisk {
  const mountPoint = makeRunFolder();
  mount(mountPoint, sizeMiB);
  const folder = join(mountPoint, 'cluster'); // a mount point cannot be removed with the cluster
  mkdirSync(folder, { mode: 0o711 });
  const ballast = join(mountPoint, 'ballast');
  return {
    folder,
    fill: () => fillUp(mountPoint, ballast),
    free: () => rmSync(ballast, { force: true }),
    unmount: () => {
      execFileSync('umount', ['--lazy', mountPoint]);
      rmSync(mountPoint, { recursive: true, force: true });
    },
  };
}

/** Only root may mount, and not in every container. */
export function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'posthaste-mount-'));
  try {
    mount(folder, 1);
    execFileSync('umount', [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function mount(folder: string, sizeMiB: number): void {
  const options = `size=${sizeMiB}m,mode=0711`; // PostgreSQL runs as another user, who must pass
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'ignore' });
}

function fillUp(folder: string, ballast: string): void {
  for (;;) {
    const { bavail, bsize } = statfsSync(folder);
    if (bavail === 0) return;
    try {
      appendFileSync(ballast, Buffer.alloc(Math.min(MEBIBYTE, bavail * bsize)));
    } catch (error) {
      if ((error as { code?: string }).code === 'ENOSPC') return;
      throw error;
    }
  }
}
