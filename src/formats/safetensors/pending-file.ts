/** A file that is written bit by bit under a private name and appears under its own when it is whole. */
import { type FileHandle, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { renameWithRetry, syncFolder, temporaryName } from '../../core/atomic-file.js';

export class PendingFile {
  readonly #path: string;
  readonly #temporary: string;
  readonly #handle: FileHandle;

  private constructor(path: string, temporary: string, handle: FileHandle) {
    this.#path = path;
    this.#temporary = temporary;
    this.#handle = handle;
  }

  /** @throws the system's error; nothing is left behind then. */
  static async create(path: string): Promise<PendingFile> {
    const temporary = temporaryName(path);
    return new PendingFile(path, temporary, await open(temporary, 'wx'));
  }

  /** Writes all of `bytes` at `position`. */
  async write(bytes: Uint8Array, position: number): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await this.#handle.write(bytes, at, bytes.length - at, position + at);
      at += bytesWritten;
    }
  }

  /** Syncs it and puts it in place of what was there. On an error it is abandoned. */
  async commit(): Promise<void> {
    try {
      await this.#handle.sync();
      await this.#handle.close();
      await renameWithRetry(this.#temporary, this.#path);
    } catch (error) {
      await this.abandon();
      throw error;
    }
    await syncFolder(dirname(this.#path));
  }

  /** Removes it; what was there before stays. */
  async abandon(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    await rm(this.#temporary, { force: true });
  }
}
