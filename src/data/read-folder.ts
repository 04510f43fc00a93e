/** The files of a folder: those below a subfolder belong to the class that it is named for. */
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode, ZooError } from '../core/errors.js';

export interface FoundFile {
  readonly path: string;
  /** Relative to the folder, with forward slashes. */
  readonly name: string;
  /** Name of the subfolder; undefined for files right in the folder. */
  readonly label: string | undefined;
}

export interface FoundFolder {
  /** In the order of their names, which is the same on every machine. */
  readonly files: readonly FoundFile[];
  /** Every subfolder right in the folder. */
  readonly subfolders: readonly string[];
}

/** What systems and tools leave behind; hidden names begin with a dot. */
const NOT_DATA = ['Thumbs.db', 'desktop.ini', '__MACOSX', '@eaDir'];
const DEEPEST = 32;

/**
 * @throws ZooError `NOT_FOUND` when there is no such folder; `DATA` when it can't be read or links lead in a circle.
 */
export async function readFolder(folder: string, signal?: AbortSignal): Promise<FoundFolder> {
  const files: FoundFile[] = [];
  const subfolders: string[] = [];
  const walk = async (path: string, name: string, label: string | undefined, above: readonly string[]) => {
    signal?.throwIfAborted();
    const real = await realpath(path);
    if (above.includes(real) || above.length >= DEEPEST) {
      throw new ZooError('DATA', `${path} lies in itself, or too deep`, {
        hint: 'Remove the link that leads back.',
      });
    }
    const entries = await readdir(path, { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name.startsWith('.') || NOT_DATA.includes(entry.name)) continue;
      const below = join(path, entry.name);
      const relative = name === '' ? entry.name : `${name}/${entry.name}`;
      const kind = entry.isSymbolicLink() ? await targetOf(below) : entry;
      if (kind?.isDirectory() === true) {
        if (name === '') subfolders.push(entry.name);
        await walk(below, relative, label ?? entry.name, [...above, real]);
      } else if (kind === undefined || kind.isFile()) {
        files.push({ path: below, name: relative, label });
      }
    }
  };
  try {
    await walk(folder, '', undefined, []);
  } catch (error) {
    throw folderError(folder, error);
  }
  return { files, subfolders };
}

/** Undefined for a link that leads nowhere: it counts as a file, which is missed when it is read. */
async function targetOf(link: string) {
  try {
    return await stat(link);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function folderError(folder: string, error: unknown): unknown {
  if (hasCode(error, 'ENOENT', 'ENOTDIR')) {
    return new ZooError('NOT_FOUND', `No such folder: ${folder}`, {
      found: error instanceof Error ? error.message : undefined,
      hint: 'Check the path.',
      cause: error,
    });
  }
  if (hasCode(error, 'EACCES', 'EPERM', 'ELOOP')) {
    return new ZooError('DATA', `${folder} can't be read`, {
      found: error instanceof Error ? error.message : undefined,
      cause: error,
    });
  }
  return error;
}
