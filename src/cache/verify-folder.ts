/** Compares the folder of a model with what its manifest says. */
import type { BigIntStats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../core/digest.js';
import { hasCode } from '../core/errors.js';
import type { InstalledModel } from './installed-models.js';
import { bareKey, type ModelKey } from './layout.js';
import { innerFolders } from './materialise.js';
import type { SpanHasher } from './span-hasher.js';

/** A piece of work for the hashing threads. */
export interface HashJob {
  readonly bytes: number;
  run(pool: SpanHasher): Promise<void>;
}

/** What is wrong with one path in the folder of a model; `path` is '' for the folder itself. */
export interface FolderFault {
  readonly model: ModelKey;
  readonly path: string;
  readonly problem: 'missing' | 'not a file' | 'wrong size' | 'wrong bytes' | 'extra';
}

/** Compares names and sizes at once; gives jobs for the files that don't share their blob's storage. */
export async function folderJobs(
  model: InstalledModel,
  blobs: ReadonlyMap<Digest, BigIntStats>,
  faults: FolderFault[],
): Promise<HashJob[]> {
  const fault = (path: string, problem: FolderFault['problem']) =>
    faults.push({ model: bareKey(model), path, problem });
  const found = await filesUnder(model.folder);
  if (found === undefined) {
    fault('', 'missing');
    return [];
  }
  const jobs: HashJob[] = [];
  const known = new Set(innerFolders(model.files));
  for (const file of model.files) {
    known.add(file.path);
    if (!found.has(file.path)) {
      fault(file.path, 'missing');
      continue;
    }
    const path = join(model.folder, file.path);
    const stat = await lstatIfThere(path);
    if (stat === undefined) fault(file.path, 'missing');
    else if (!stat.isFile()) fault(file.path, 'not a file');
    else if (Number(stat.size) !== file.size) fault(file.path, 'wrong size');
    else {
      const blob = blobs.get(file.sha256);
      // The same file under two names: its bytes are checked as the blob.
      if (blob?.ino === stat.ino && blob.dev === stat.dev) continue;
      jobs.push({
        bytes: file.size,
        run: async (pool) => {
          const digest = await pool.hash(path, { start: 0, end: file.size }).catch((error: unknown) => {
            if (hasCode(error, 'ENOENT', 'EIO')) return undefined;
            throw error;
          });
          if (digest !== file.sha256) fault(file.path, 'wrong bytes');
        },
      });
    }
  }
  for (const path of found) if (!known.has(path)) fault(path, 'extra');
  return jobs;
}

/** Paths of everything under a folder, with forward slashes; undefined when it is none. Follows no link. */
async function filesUnder(folder: string): Promise<Set<string> | undefined> {
  if ((await lstatIfThere(folder))?.isDirectory() !== true) return undefined;
  const found = new Set<string>();
  const walk = async (inner: string): Promise<void> => {
    for (const entry of await readdir(join(folder, inner), { withFileTypes: true })) {
      const path = inner === '' ? entry.name : `${inner}/${entry.name}`;
      found.add(path);
      if (entry.isDirectory()) await walk(path);
    }
  };
  await walk('');
  return found;
}

/** `lstat`, or undefined when nothing is there. */
export async function lstatIfThere(path: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}
