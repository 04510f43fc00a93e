/** Blobs: whole, verified, read-only files named by their sha256. */
import { constants } from 'node:fs';
import { access, chmod, copyFile, lstat, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { renameWithRetry, retryWhileHeld, syncFolder, temporaryName } from '../core/atomic-file.js';
import { type Digest, sha256 } from '../core/digest.js';
import { hasCode, ZooError } from '../core/errors.js';
import { makeFolder } from '../core/make-folder.js';
import type { Layout } from './layout.js';
import { rescueBlob } from './trash.js';

/** Cards and manifests, the only blobs that are read into memory whole. */
const MAX_METADATA_BYTES = 32 * 1024 * 1024;

export class BlobStore {
  readonly #layout: Layout;
  readonly #writable: boolean;

  /** @param writable false: blobs are only looked for where they should be, and nothing is changed. */
  constructor(layout: Layout, writable: boolean) {
    this.#layout = layout;
    this.#writable = writable;
  }

  /**
   * Where the blob is or would be.
   * @throws ZooError `INTEGRITY` for anything but 64 lower-case hex digits, before any file-system call.
   */
  path(digest: Digest): string {
    return this.#layout.blob(digest);
  }

  /**
   * Size of the blob, or undefined. One that a collector has just moved aside is taken back: who looks for it
   * holds it, or will pull it again.
   */
  async size(digest: Digest): Promise<number | undefined> {
    const path = this.path(digest);
    const size = await sizeOf(path);
    if (size !== undefined || !this.#writable) return size;
    await rescueBlob(this.#layout, digest);
    return sizeOf(path);
  }

  /**
   * True when the blob is there with its size. Its bytes were checked when it was published; `verify` checks
   * them again.
   * @throws ZooError `FILE_SYSTEM` when it is there and this user may not read it.
   */
  async has(digest: Digest, size: number): Promise<boolean> {
    const path = this.path(digest);
    if ((await this.size(digest)) !== size) return false;
    try {
      await access(path, constants.R_OK);
    } catch (cause) {
      if (hasCode(cause, 'ENOENT')) return false;
      throw new ZooError('FILE_SYSTEM', 'A file in the shared cache may not be read by this user', {
        found: path,
        hint: `Its owner can allow it: chmod a+r ${path} (and use a umask such as 022 or 002 in future).`,
        cause,
      });
    }
    return true;
  }

  /**
   * Puts a complete file, whose sha256 the caller has just verified, in its place and makes it read-only. A
   * blob of the same size that is there already is kept and the part removed. Returns the blob's path.
   * @throws ZooError `INTEGRITY` when the part has another size; else the system's error.
   */
  async publish(partPath: string, digest: Digest, size: number): Promise<string> {
    const path = this.path(digest);
    await makeFolder(dirname(path));
    await sealPart(partPath, size);
    try {
      await moveWithoutOverwrite(partPath, path, size);
    } catch (error) {
      if (!hasCode(error, 'EXDEV')) throw error;
      await publishCopy(partPath, path, size);
    }
    await syncFolder(dirname(path));
    return path;
  }

  /**
   * Stores a card or a manifest. Unlike `publish` it compares what is there and replaces it when it is damaged.
   */
  async put(bytes: Uint8Array): Promise<Digest> {
    const digest = sha256(bytes);
    const path = this.path(digest);
    const found = await this.#readSmall(digest);
    if (found !== undefined && Buffer.compare(found, bytes) === 0) return digest;
    await makeFolder(dirname(path));
    const temporary = temporaryName(path);
    try {
      const file = await open(temporary, 'wx', 0o666);
      try {
        await file.writeFile(bytes);
      } finally {
        await file.close();
      }
      await sealPart(temporary, bytes.length);
      await replace(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await syncFolder(dirname(path));
    return digest;
  }

  /**
   * The bytes of a card or manifest, checked against their digest; undefined when it is not there.
   * @throws ZooError `INTEGRITY` when they are others.
   */
  async read(digest: Digest): Promise<Uint8Array | undefined> {
    const path = this.path(digest);
    const bytes = (await this.#readSmall(digest)) ?? (await this.#readSmall(digest));
    if (bytes === undefined) return undefined;
    if (sha256(bytes) === digest) return bytes;
    throw new ZooError('INTEGRITY', 'A card or manifest in the cache is damaged', {
      expected: `sha256 ${digest}`,
      found: path,
      hint: 'Run "zoo verify --repair".',
    });
  }

  /** Undefined when it is not there, or was moved between the look and the reading. */
  async #readSmall(digest: Digest): Promise<Uint8Array | undefined> {
    const size = await this.size(digest);
    if (size === undefined) return undefined;
    if (size > MAX_METADATA_BYTES) return new Uint8Array(); // surely not what was stored under this digest
    try {
      return await readFile(this.path(digest));
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw error;
    }
  }
}

/** Size of a regular file; undefined when nothing, a link or a folder is there. */
export async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const stat = await lstat(path);
    return stat.isFile() ? stat.size : undefined;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** Read-only, of the right size, dated now (the collector's grace period begins) and on the disk. */
async function sealPart(part: string, size: number): Promise<void> {
  const file = await open(part, 'r+');
  try {
    const stat = await file.stat();
    if (!stat.isFile() || stat.size !== size) {
      throw new ZooError('INTEGRITY', 'A finished download has another size than its card says', {
        expected: size,
        found: stat.size,
      });
    }
    const now = new Date();
    await file.utimes(now, now);
    // The part was made under the user's umask: keep who may read it, take away who may write it.
    await file.chmod((stat.mode & 0o444) | 0o400);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * A rename, so that a process killed at any moment leaves either the part or the blob. What another process has
 * published meanwhile is kept, as models may be hard links to it; should it appear between the look and the rename,
 * the same bytes take its place.
 */
async function moveWithoutOverwrite(part: string, path: string, size: number): Promise<void> {
  if ((await sizeOf(path)) !== size) return replace(part, path);
  await retryWhileHeld(() => rm(part, { force: true }));
}

async function publishCopy(part: string, path: string, size: number): Promise<void> {
  const temporary = temporaryName(path);
  try {
    await copyFile(part, temporary, constants.COPYFILE_EXCL);
    // The copy has the part's mode, which is read-only by now.
    await chmod(temporary, (await lstat(part)).mode | 0o600);
    await sealPart(temporary, size);
    await moveWithoutOverwrite(temporary, path, size);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await retryWhileHeld(() => rm(part, { force: true }));
}

async function replace(from: string, to: string): Promise<void> {
  // Windows refuses to rename over a read-only file; removing it first is allowed.
  if (process.platform === 'win32') await rm(to, { force: true });
  await renameWithRetry(from, to);
}
