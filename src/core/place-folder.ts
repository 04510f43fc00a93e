/** Folders that appear whole, or not at all. */
import type { Dirent } from 'node:fs';
import { mkdir, readdir, realpath, rm, rmdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { renameWithRetry, syncFolder, temporaryName } from './atomic-file.js';
import { hasCode, ZooError } from './errors.js';
import { makeFolder } from './make-folder.js';

export interface PlaceFolderOptions {
  /**
   * Decides about a folder that is there and not empty.
   * @returns when it may be replaced. @throws where it may not, as always without `overwrite`.
   */
  readonly mayReplace: (folder: string, entries: readonly Dirent[], overwrite: boolean) => Promise<void>;
  /** Default false. */
  readonly overwrite?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A process that is killed leaves what was there before, or the new folder; what it had begun stays beside it under a
 * hidden name that ends in `.tmp`. No system exchanges two folders in one step everywhere: killed between the two renames
 * of a replacement, the old folder is under such a name.
 * @param folder made when missing; its parents too. A link to a folder stays: what it leads to is replaced.
 * @param write fills the folder that it is given, which is empty.
 * @throws ZooError as `checkPlace`; what `write` throws; the signal's reason; the system's error (ENOSPC, EACCES …). What
 *   was there before is still there then.
 */
export async function placeFolder<T>(
  folder: string,
  write: (temporary: string) => Promise<T>,
  options: PlaceFolderOptions,
): Promise<T> {
  const { signal } = options;
  await checkPlace(folder, options);
  const target = await realTarget(folder);
  await makeFolder(dirname(target));
  const temporary = temporaryName(target);
  await mkdir(temporary);
  try {
    const result = await write(temporary);
    signal?.throwIfAborted();
    // Looked at once more: what was written may have taken long.
    if ((await checkPlace(target, options)) === 'nothing') await putInPlace(temporary, target, options);
    else await exchange(temporary, target);
    await syncFolder(dirname(target));
    return result;
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/**
 * Says before any work whether `placeFolder` may write there.
 * @returns `nothing`, which may be an empty folder, or `folder` for one that may be replaced.
 * @throws ZooError `FILE_SYSTEM` when a file lies there; what `mayReplace` throws.
 */
export async function checkPlace(
  folder: string,
  { mayReplace, overwrite = false }: PlaceFolderOptions,
): Promise<'nothing' | 'folder'> {
  const entries = await entriesOf(folder);
  if (entries === undefined || entries.length === 0) return 'nothing';
  await mayReplace(folder, entries, overwrite);
  return 'folder';
}

/** What the folder holds, or undefined where there is nothing. */
async function entriesOf(folder: string): Promise<Dirent[] | undefined> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    if (!hasCode(error, 'ENOTDIR')) throw error;
    throw new ZooError('FILE_SYSTEM', 'A file lies where a folder is needed', {
      found: folder,
      hint: 'Choose another folder.',
      cause: error,
    });
  }
}

async function realTarget(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return resolve(folder);
    throw error;
  }
}

/** Where there is nothing, or an empty folder. */
async function putInPlace(temporary: string, target: string, options: PlaceFolderOptions): Promise<void> {
  try {
    // Windows renames no folder to the name of another, even an empty one.
    await rmdir(target).catch((error: unknown) => {
      if (!hasCode(error, 'ENOENT')) throw error;
    });
    await renameWithRetry(temporary, target);
  } catch (error) {
    // Somebody else was faster: what they put there is not ours to replace.
    if (hasCode(error, 'ENOTEMPTY', 'EEXIST')) await checkPlace(target, { ...options, overwrite: false });
    throw error;
  }
}

async function exchange(temporary: string, target: string): Promise<void> {
  const old = temporaryName(target);
  await renameWithRetry(target, old);
  try {
    await renameWithRetry(temporary, target);
  } catch (error) {
    await renameWithRetry(old, target);
    throw error;
  }
  await rm(old, { recursive: true, force: true });
}
