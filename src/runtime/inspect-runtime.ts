/** Looks at the files of a runtime's folder. */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256OfFile } from '../core/digest.js';
import { hasCode } from '../core/errors.js';
import { forEachBounded } from '../core/for-each-bounded.js';
import type { InstalledFile } from './runtime-manifest.js';

export type Fault = 'missing' | 'not a file' | 'wrong size' | 'wrong bytes';

export interface FaultyFile {
  readonly path: string;
  readonly fault: Fault;
}

export interface InspectOptions {
  /** Hashes every file, which takes a second or two; else only sizes are compared. */
  readonly deep: boolean;
  readonly signal?: AbortSignal | undefined;
}

const PARALLEL = 4;

/** Files that are not as they should be, in the order of `files`. */
export async function inspectFiles(
  folder: string,
  files: readonly InstalledFile[],
  { deep, signal }: InspectOptions,
): Promise<FaultyFile[]> {
  const faults = new Map<InstalledFile, Fault>();
  await forEachBounded(
    files,
    PARALLEL,
    async (file) => {
      const fault = await faultOf(join(folder, file.path), file, deep, signal);
      if (fault !== undefined) faults.set(file, fault);
    },
    signal,
  );
  return files.flatMap((file) => {
    const fault = faults.get(file);
    return fault === undefined ? [] : [{ path: file.path, fault }];
  });
}

async function faultOf(
  path: string,
  file: InstalledFile,
  deep: boolean,
  signal: AbortSignal | undefined,
): Promise<Fault | undefined> {
  try {
    const stat = await lstat(path);
    if (!stat.isFile()) return 'not a file';
    if (stat.size !== file.size) return 'wrong size';
    return deep && (await sha256OfFile(path, signal)) !== file.sha256 ? 'wrong bytes' : undefined;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return 'missing';
    throw error;
  }
}
