/**
 * Puts a blob's bytes under another name at the least cost: a reflink shares them and stays independent, a hard
 * link shares them outright (the blob is read-only), a copy works everywhere. Never a symlink.
 */
import { constants } from 'node:fs';
import { copyFile, link, open, rm } from 'node:fs/promises';
import { hasCode } from '../core/errors.js';
import type { ModelFile } from './manifest.js';

export type PlaceMethod = 'reflink' | 'link' | 'copy';

const METHODS: readonly PlaceMethod[] = ['reflink', 'link', 'copy'];

/** Faults of the disk or the source, which another method would meet as well. */
const FATAL = ['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'ENOENT', 'EEXIST'];

/**
 * One placer serves one pair of volumes: a method that was refused once is not tried for the next file.
 * The methods are a parameter for tests, and for folders whose files must not share storage.
 */
export class FilePlacer {
  #methods: readonly PlaceMethod[];

  constructor(methods: readonly PlaceMethod[] = METHODS) {
    this.#methods = methods;
  }

  /**
   * Makes `to`, which must not exist, hold the bytes of `from`.
   * @throws the system's error; nothing is left at `to`.
   */
  async place(from: string, to: string): Promise<PlaceMethod> {
    for (const method of this.#methods) {
      try {
        await PLACE[method](from, to);
        return method;
      } catch (error) {
        const last = method === this.#methods.at(-1);
        if (!hasCode(error, 'EEXIST')) await rm(to, { force: true });
        if (last || hasCode(error, ...FATAL)) throw error;
        // EMLINK: this one blob has all the links that it can have; others still can.
        if (!hasCode(error, 'EMLINK')) this.#methods = this.#methods.filter((other) => other !== method);
      }
    }
    throw new Error('a placer needs a method');
  }
}

/** Where the bytes of a file are. @throws ZooError when no cache has them. */
export type BlobFinder = (file: ModelFile) => Promise<string>;

/** A collector that has not seen our hold may move a blob between two steps; then it is looked for again. */
const LOOKS = 5;

/** Finds a file's blob and places it at `to`. */
export async function placeBlob(
  placer: FilePlacer,
  findBlob: BlobFinder,
  file: ModelFile,
  to: string,
): Promise<PlaceMethod> {
  for (let look = 1; ; look++) {
    const from = await findBlob(file);
    try {
      return await placer.place(from, to);
    } catch (error) {
      if (look === LOOKS || !hasCode(error, 'ENOENT')) throw error;
    }
  }
}

const PLACE: Record<PlaceMethod, (from: string, to: string) => Promise<void>> = {
  reflink: (from, to) => copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE),
  link,
  async copy(from, to) {
    await copyFile(from, to, constants.COPYFILE_EXCL);
    // A power cut may leave the right size with empty blocks; links and reflinks can't.
    const file = await open(to, 'r');
    try {
      await file.sync();
    } catch (error) {
      if (!hasCode(error, 'EPERM')) throw error; // Windows syncs only files opened for writing
    } finally {
      await file.close();
    }
  },
};
