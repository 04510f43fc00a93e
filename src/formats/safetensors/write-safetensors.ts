/** Weights to a safetensors file: F32, I32 and BOOL. The same content gives the same bytes. */
import type { Weights } from '../weight.js';
import { headerBytes, inFileOrder, tensorBytes } from './layout.js';
import { PendingFile } from './pending-file.js';

/**
 * Replaces `path` when all is written and synced; until then, and after any failure, what was there stays.
 * @param weights in any order; they are written by type and name.
 * @param metadata text by name; none by default.
 * @throws RangeError for data that don't have the length of their shape; the system's error (ENOSPC, EACCES …).
 */
export async function writeSafetensors(
  path: string,
  weights: Weights,
  metadata: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<void> {
  const tensors = inFileOrder([...weights].map(([name, weight]) => ({ name, ...weight })));
  if (weights.has('__metadata__')) throw new RangeError('__metadata__ is not a name for a tensor');
  for (const { name, data, ...layout } of tensors) {
    if (data.byteLength !== tensorBytes(layout)) {
      throw new RangeError(`${name}: ${data.length} values for the shape [${layout.shape.join(', ')}]`);
    }
  }
  const header = headerBytes(tensors, metadata);
  const file = await PendingFile.create(path);
  try {
    await file.write(header, 0);
    let position = header.length;
    for (const { data } of tensors) {
      signal?.throwIfAborted();
      await file.write(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
      position += data.byteLength;
    }
  } catch (error) {
    await file.abandon();
    throw error;
  }
  await file.commit();
}
