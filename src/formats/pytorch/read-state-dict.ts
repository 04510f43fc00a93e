/**
 * Weights from files of PyTorch, `.pth` and `.pt`, in both of its layouts. Nothing of Python is run: the pickle is read
 * by a machine that knows tensors, storages, plain values and containers, and refuses every other name.
 *
 * Facts of the layouts: `torch/serialization.py` and `torch/_utils.py` of PyTorch 2; instructions of pickles: Python's
 * `pickletools`.
 */
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { hasCode, ZooError } from '../../core/errors.js';
import { malformed } from '../../registry/describe/description.js';
import type { Weight, Weights } from '../weight.js';
import { findStateDict } from './find-state-dict.js';
import { readLegacyFile } from './legacy-file.js';
import { arrayBytes, readTensor } from './read-tensor.js';
import { type OpenFile, readExactly, type TorchFile } from './torch-file.js';
import { readZipFile } from './zip-file.js';

export interface ReadStateDictOptions {
  /**
   * The entry of a checkpoint that holds the weights. By default the whole file where it is a dictionary of tensors,
   * else its one entry called `state_dict`, `model_state`, `model` or `model_state_dict`.
   */
  readonly entry?: string;
  /** Which tensors to load, by name; all by default. The others are not read. */
  readonly wanted?: (name: string) => boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Arrays may be larger than their file by as much: 8-bit integers become 32 bits, tied weights become two arrays. */
const MAX_GROWTH = 8;
const FREE_BYTES = 16 * 2 ** 20;

/**
 * Loads a state dict. Half, bfloat16 and double precision come as float32, all integers as int32, booleans as 0 and 1;
 * views (strides, offsets, shared storages) as contiguous arrays.
 * @returns tensors by name, in the order of the dictionary, in PyTorch's layout.
 * @throws ZooError `INTEGRITY` for a malformed file and for one that asks for anything but weights, naming it;
 * `UNSAFE_ARCHIVE` for a zip that contradicts itself; `DATA` for numbers that float32 or int32 can't hold; `NOT_FOUND`
 * when there is no such file or entry; the signal's reason.
 */
export async function readStateDict(path: string, options: ReadStateDictOptions = {}): Promise<Weights> {
  const signal = options.signal ?? new AbortController().signal;
  const file = await openFile(path);
  try {
    const torch = await readTorchFile(file, signal);
    const tensors = [...findStateDict(file.path, torch.root, options.entry)].filter(
      ([name]) => options.wanted?.(name) ?? true,
    );
    const bytes = tensors.reduce((sum, [, tensor]) => sum + arrayBytes(tensor), 0);
    const allowed = file.size * MAX_GROWTH + FREE_BYTES;
    if (bytes > allowed) {
      throw malformed(
        file.path,
        'its tensors are far larger than the file',
        `at most ${allowed} bytes`,
        bytes,
      );
    }
    const weights = new Map<string, Weight>();
    for (const [name, tensor] of tensors) {
      const start = await torch.locate(tensor.storage);
      weights.set(name, await readTensor(file, name, tensor, start, signal));
    }
    return weights;
  } finally {
    await file.handle.close();
  }
}

async function openFile(path: string): Promise<OpenFile> {
  try {
    const handle = await open(path, 'r');
    const { size } = await handle.stat();
    return { path: basename(path), handle, size };
  } catch (cause) {
    if (!hasCode(cause, 'ENOENT', 'ENOTDIR')) throw cause;
    throw new ZooError('NOT_FOUND', 'There is no such file', { found: path, cause });
  }
}

async function readTorchFile(file: OpenFile, signal: AbortSignal): Promise<TorchFile> {
  signal.throwIfAborted();
  const start = await readExactly(file, 0, Math.min(4, file.size));
  if (start.toString('latin1') === 'PK\x03\x04') return readZipFile(file, signal);
  return readLegacyFile(file);
}
