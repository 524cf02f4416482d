import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MEBIBYTE = 1_048_576;

/** A file system of its own, small enough to be filled. Undefined: this account may not mount one. */
export interface SmallDisk {
  /** The mounted folder: a cluster's. */
  folder: string;
  /** Takes every free byte of it. */
  fill(): void;
  /** Gives them back. */
  free(): void;
  unmount(): void;
}

/** In memory, at `folder`. */
export function mountSmallDisk(folder: string, sizeMiB: number): SmallDisk {
  mount(folder, sizeMiB);
  const ballast = join(folder, 'ballast');
  return {
    folder,
    fill: () => fillUp(folder, ballast),
    free: () => rmSync(ballast, { force: true }),
    unmount: () => void execFileSync('umount', ['--lazy', folder]),
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
