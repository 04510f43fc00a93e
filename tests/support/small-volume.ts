/** A volume of a given size, to fill it or make it read-only. Only Linux's root can make one. */
import { execFileSync } from 'node:child_process';
import { temporaryFolder } from './temporary-folder.js';

export interface SmallVolume {
  readonly path: string;
  /** Changes it: `size=2m`, `ro`, `rw`. */
  remount(options: string): void;
  unmount(): void;
}

/** Undefined where this user can't mount; as root in CI it must work. */
export async function smallVolume(options: string): Promise<SmallVolume | undefined> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
  const path = await temporaryFolder('volume');
  try {
    mount('-t', 'tmpfs', '-o', options, 'tmpfs', path);
  } catch (error) {
    if (process.env.CI === 'true') throw error;
    return undefined; // a container without the right to mount
  }
  return {
    path,
    remount: (changes) => mount('-o', `remount,${changes}`, path),
    unmount: () => void execFileSync('umount', ['-l', path], { stdio: 'pipe' }),
  };
}

function mount(...args: string[]): void {
  execFileSync('mount', args, { stdio: 'pipe' });
}
