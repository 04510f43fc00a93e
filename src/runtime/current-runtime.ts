/** Which of the managed runtimes is current. */
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isTemporaryName, writeFileAtomic } from '../core/atomic-file.js';
import { hasCode } from '../core/errors.js';
import { CURRENT_FILE, runtimesFolder } from './runtime-layout.js';

/** Name of the current runtime's folder, whether that is there or not; undefined when none is current. */
export async function readCurrent(home: string): Promise<string | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(join(runtimesFolder(home), CURRENT_FILE), 'utf8'));
    if (typeof value !== 'object' || value === null || !('runtime' in value)) return undefined;
    return typeof value.runtime === 'string' ? value.runtime : undefined;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR') || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Readers see the old one or the new one. */
export async function writeCurrent(home: string, runtime: string | undefined): Promise<void> {
  const path = join(runtimesFolder(home), CURRENT_FILE);
  if (runtime === undefined) await rm(path, { force: true });
  else await writeFileAtomic(path, `${JSON.stringify({ runtime })}\n`);
}

/** Names of the folders of runtimes, whole or not. */
export async function runtimeNames(home: string): Promise<string[]> {
  try {
    const entries = await readdir(runtimesFolder(home), { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && !isTemporaryName(entry.name))
      .map(({ name }) => name)
      .toSorted();
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}
