/** When a model was last used: the time of an empty file, outside the blobs so that readers share those. */
import { open, stat, utimes } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { hasCode } from '../core/errors.js';
import { type Layout, type ModelKey, makeRealFolder } from './layout.js';

/** Notes that the model is used now. On a read-only or full disk nothing is noted. */
export async function noteUse(layout: Layout, key: ModelKey): Promise<void> {
  const path = layout.lastUse(key);
  try {
    const now = new Date();
    try {
      await utimes(path, now, now);
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
      const within = relative(layout.root, dirname(path)).split(sep).join('/');
      const folder = await makeRealFolder(layout.root, within);
      await (await open(join(folder, basename(path)), 'a')).close();
    }
  } catch (error) {
    if (!hasCode(error, 'EROFS', 'EACCES', 'EPERM', 'ENOSPC', 'EDQUOT')) throw error;
  }
}

/** When `noteUse` was last called, or undefined. */
export async function lastUse(layout: Layout, key: ModelKey): Promise<Date | undefined> {
  try {
    return (await stat(layout.lastUse(key))).mtime;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}
