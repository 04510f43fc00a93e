/** Which of the managed runtimes is current. */
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isTemporaryName, writeFileAtomic } from '../core/atomic-file.js';
import { hasCode } from '../core/errors.js';
import { CURRENT_FILE, runtimesFolder } from './runtime-layout.js';

/** The name that `current.json` holds; undefined unless it can be that of a folder beside it. */
export function parseCurrent(text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('runtime' in value)) return undefined;
  const { runtime } = value;
  return typeof runtime === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(runtime) ? runtime : undefined;
}

/** Name of the current runtime's folder, whether that is there or not; undefined when none is current. */
export async function readCurrent(home: string): Promise<string | undefined> {
  try {
    return parseCurrent(await readFile(join(runtimesFolder(home), CURRENT_FILE), 'utf8'));
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
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
