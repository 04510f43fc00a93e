/** The cache folder: where it is, whether it can be written, how much room there is. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import { sharedCacheRoots } from '../../cache/cache-root.js';
import { freeSpace } from '../../cache/disk-space.js';
import { formatBytes } from '../../core/bytes.js';
import { hasCode } from '../../core/errors.js';
import { type Finding, fact, messageOf, note, problem, type Section } from './finding.js';

/** An unpacked runtime and a network or two. */
const WANTED_BYTES = 2_000_000_000;

export async function examineStorage(home: string, env: NodeJS.ProcessEnv): Promise<Section> {
  const shared = sharedCacheRoots(env);
  return {
    title: 'Cache',
    findings: [
      await folder(home),
      await room(home),
      ...(shared.length === 0 ? [] : [fact('sharedCaches', 'Shared caches', shared.join(', '))]),
    ],
  };
}

async function folder(home: string): Promise<Finding> {
  try {
    await access(await existing(home), constants.W_OK);
    return fact('cache', 'Folder', home);
  } catch (error) {
    return problem(
      'cache',
      'Folder',
      `${home}: ${messageOf(error)}`,
      'It can not be written: models and runtimes that are there can be used, nothing can be pulled.',
      'export ZOO_HOME=/a/folder/of/yours',
    );
  }
}

async function room(home: string): Promise<Finding> {
  try {
    const free = await freeSpace(home);
    const value = formatBytes(free);
    if (free >= WANTED_BYTES) return fact('freeSpace', 'Free space', value);
    return note(
      'freeSpace',
      'Free space',
      value,
      `A runtime and a few networks take about ${formatBytes(WANTED_BYTES)}.`,
      'zoo gc',
    );
  } catch (error) {
    return note('freeSpace', 'Free space', 'unknown', messageOf(error));
  }
}

/** The folder, or the nearest one above it that exists. */
async function existing(path: string): Promise<string> {
  try {
    await access(path);
    return path;
  } catch (error) {
    if (!hasCode(error, 'ENOENT') || dirname(path) === path) throw error;
    return existing(dirname(path));
  }
}
