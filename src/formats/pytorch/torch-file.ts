/** A file of PyTorch after its pickles were read and before its numbers are. */
import type { FileHandle } from 'node:fs/promises';
import { malformed } from '../../registry/describe/description.js';
import type { PickleValue, StorageReference } from './pickle-values.js';

/** An open file of this machine. */
export interface OpenFile {
  /** Its name, for messages. */
  readonly path: string;
  readonly handle: FileHandle;
  /** Bytes. */
  readonly size: number;
}

export interface TorchFile {
  /** What was saved. */
  readonly root: PickleValue;
  /**
   * Where in the file the bytes of a stored whole begin.
   * @throws ZooError `INTEGRITY` when the file does not hold as many as the reference says.
   */
  locate(storage: StorageReference): Promise<number>;
}

/** The largest part of a file that is read as a pickle. Those of the largest networks are a few megabytes. */
export const MAX_PICKLE = 64 * 2 ** 20;

/** Exactly these bytes. @throws ZooError `INTEGRITY` where the file ends before them; nothing is allocated then. */
export async function readExactly(file: OpenFile, start: number, length: number): Promise<Buffer> {
  if (start + length > file.size) {
    throw malformed(file.path, 'it ends in the middle', start + length, file.size);
  }
  const bytes = Buffer.alloc(length);
  await fillExactly(file, bytes, start);
  return bytes;
}

/** Fills `bytes` from `start` on. @throws ZooError `INTEGRITY` where the file ends before. */
export async function fillExactly(file: OpenFile, bytes: Uint8Array, start: number): Promise<void> {
  let filled = 0;
  while (filled < bytes.length) {
    const wanted = bytes.length - filled;
    const { bytesRead } = await file.handle.read(bytes, filled, wanted, start + filled);
    if (bytesRead === 0) throw malformed(file.path, 'it became shorter while it was read', file.size);
    filled += bytesRead;
  }
}
