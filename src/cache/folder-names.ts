/** Reading folders that may not be there. */
import { readdir } from 'node:fs/promises';
import { hasCode } from '../core/errors.js';

/** Names in a folder; none when it does not exist. */
export async function folderNames(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}
