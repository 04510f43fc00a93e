/** Folders with their parents. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasCode } from './errors.js';

/**
 * Makes `path` and whatever is missing above it; fine when it is there.
 *
 * Node's own recursive `mkdir` never returns where a file system answers ENOENT for a folder whose parent is there
 * (`/proc` does), so each level is made by itself.
 * @throws the system's error.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const parent = dirname(path);
    if (hasCode(error, 'ENOENT') && parent !== path && !(await exists(parent))) {
      await makeFolder(parent);
      await makeFolder(path);
      return;
    }
    // Read-only volumes answer EROFS or EACCES for folders that are there.
    if (parent !== path && (await isFolder(path))) return;
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
