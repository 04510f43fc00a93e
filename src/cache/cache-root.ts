/** Where the cache lies: what the user said, else the platform's folder for caches. */
import { homedir } from 'node:os';
import { posix, win32 } from 'node:path';
import { ZooError } from '../core/errors.js';

/** What `cacheRoot` asks of the machine; the default is this one. */
export interface Platform {
  readonly name: NodeJS.Platform;
  readonly home: string;
}

function thisPlatform(): Platform {
  return { name: process.platform, home: homedir() };
}

/**
 * The cache folder: `ZOO_HOME`, else `$XDG_CACHE_HOME/neuralzoo` or `~/.cache/neuralzoo`,
 * `~/Library/Caches/neuralzoo` on macOS, `%LOCALAPPDATA%\neuralzoo\Cache` on Windows.
 * @throws ZooError `USAGE` when `ZOO_HOME` is not an absolute path: it would mean another cache in each folder.
 */
export function cacheRoot(env: NodeJS.ProcessEnv, platform: Platform = thisPlatform()): string {
  const path = platform.name === 'win32' ? win32 : posix;
  if (env.ZOO_HOME !== undefined && env.ZOO_HOME !== '') return absolute(env.ZOO_HOME, 'ZOO_HOME', platform);
  if (platform.name === 'win32') {
    const local = env.LOCALAPPDATA || path.join(platform.home, 'AppData', 'Local');
    return path.join(local, 'neuralzoo', 'Cache');
  }
  if (platform.name === 'darwin') return path.join(platform.home, 'Library', 'Caches', 'neuralzoo');
  // The XDG specification tells programs to ignore relative values.
  const xdg = env.XDG_CACHE_HOME;
  const base = xdg !== undefined && path.isAbsolute(xdg) ? xdg : path.join(platform.home, '.cache');
  return path.join(base, 'neuralzoo');
}

/**
 * Read-only caches to look into before downloading, from `ZOO_SHARED_CACHE`: absolute folders, nearest first,
 * parted as in `PATH` (`:`, on Windows `;`).
 * @throws ZooError `USAGE` when one is relative.
 */
export function sharedCacheRoots(env: NodeJS.ProcessEnv, platform: Platform = thisPlatform()): string[] {
  const delimiter = platform.name === 'win32' ? ';' : ':';
  return (env.ZOO_SHARED_CACHE ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => absolute(folder, 'ZOO_SHARED_CACHE', platform));
}

function absolute(folder: string, variable: string, platform: Platform): string {
  const path = platform.name === 'win32' ? win32 : posix;
  if (!path.isAbsolute(folder)) {
    throw new ZooError('USAGE', `${variable} is not an absolute path`, {
      expected: 'a folder such as /data/neuralzoo',
      found: JSON.stringify(folder),
    });
  }
  return path.normalize(folder);
}
