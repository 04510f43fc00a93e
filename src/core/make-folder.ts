/** Folders with their parents. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasCode } from './errors.js';

/** Others may remove an empty parent just when it has been made. */
const MOST_ATTEMPTS = 3;

/**
 * Makes `path` and whatever is missing above it; fine when it is there.
 *
 * Node's own recursive `mkdir` never returns where a file system answers ENOENT for a folder whose parent is there
 * (`/proc` does), so each level is made by itself.
 * @throws the system's error.
 */
export async function makeFolder(path: string): Promise<void> {
  const parent = dirname(path);
  for (let attempt = 1; ; attempt++) {
    try {
      await mkdir(path);
      return;
    } catch (error) {
      if (hasCode(error, 'ENOENT') && parent !== path && attempt < MOST_ATTEMPTS) {
        await makeFolder(parent);
        continue;
      }
      // Read-only volumes answer EROFS or EACCES for folders that are there.
      if (parent !== path && (await isFolder(path))) return;
      throw error;
    }
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
