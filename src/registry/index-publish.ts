/** Replaces a file in one step, for readers that may have the old one open. */
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { hasCode } from '../core/errors.js';

/** Waits between tries, ms: Windows refuses to replace a file that another process or a scanner holds. */
const WAITS = [20, 50, 100, 250, 500, 1000];

/** Syncs `source`, renames it over `target` and syncs the folder. Both lie in one folder. */
export async function publishFile(source: string, target: string): Promise<void> {
  await sync(source, 'r+');
  for (let attempt = 0; ; attempt++) {
    try {
      await rename(source, target);
      break;
    } catch (error) {
      const wait = WAITS[attempt];
      if (wait === undefined || !hasCode(error, 'EPERM', 'EACCES', 'EBUSY')) throw error;
      await delay(wait);
    }
  }
  // Windows can't open a folder to sync it; its journal keeps the rename.
  if (process.platform !== 'win32') await sync(dirname(target), 'r');
}

async function sync(path: string, flags: string): Promise<void> {
  const handle = await open(path, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
