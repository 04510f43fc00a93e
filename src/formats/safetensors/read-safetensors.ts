/** Safetensors files, read tensor by tensor: only what is asked for comes into memory. */
import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { hasCode, ZooError } from '../../core/errors.js';
import { readHeader, type SafetensorsTensor } from '../../registry/describe/safetensors.js';
import type { Weight, WeightData, Weights } from '../weight.js';
import { elementType, emptyData } from './element-types.js';

/** Read at once where values are converted on the way. */
const CHUNK = 4 * 1024 * 1024;

export interface ReadSafetensorsOptions {
  /** Which tensors to load, by name; all by default. The others are not read. */
  readonly wanted?: (name: string) => boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface SafetensorsContents {
  /** In the order of the header. F16, BF16 and F64 come as float32; all integers as int32; BOOL as 0 and 1. */
  readonly weights: Weights;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Loads a file.
 * @throws ZooError `INTEGRITY` for a malformed file; `DATA` for a type that can't be read or an integer beyond 32 bits,
 * in wanted tensors only; `NOT_FOUND` when there is no such file.
 */
export async function readSafetensors(
  path: string,
  options: ReadSafetensorsOptions = {},
): Promise<SafetensorsContents> {
  const file = await openSafetensors(path);
  try {
    const weights = new Map<string, Weight>();
    for (const name of file.tensors.keys()) {
      if (options.wanted === undefined || options.wanted(name)) {
        weights.set(name, await file.read(name, options.signal));
      }
    }
    return { weights, metadata: file.metadata };
  } finally {
    await file.close();
  }
}

/** Reads and checks the header; the file stays open until `close`. @throws ZooError as `readSafetensors`. */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (cause) {
    if (!hasCode(cause, 'ENOENT', 'ENOTDIR')) throw cause;
    throw new ZooError('NOT_FOUND', 'There is no such file', { found: path, cause });
  }
  try {
    const { size } = await handle.stat();
    const header = await readHeader({
      path: basename(path),
      size,
      read: async (start, length) => {
        const bytes = Buffer.alloc(Math.max(0, Math.min(length, size - start)));
        return bytes.subarray(0, await fill(handle, bytes, start));
      },
    });
    return new SafetensorsFile(path, handle, header.tensors, header.metadata, header.dataStart);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

export class SafetensorsFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #dataStart: number;
  /** Type (as in the file) and shape by name, in the order of the header. */
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(
    path: string,
    handle: FileHandle,
    tensors: ReadonlyMap<string, SafetensorsTensor>,
    metadata: Readonly<Record<string, string>>,
    dataStart: number,
  ) {
    this.#path = path;
    this.#handle = handle;
    this.#dataStart = dataStart;
    this.tensors = tensors;
    this.metadata = metadata;
  }

  /** A whole tensor. @throws ZooError `NOT_FOUND` for an unknown name, else as `readSafetensors`. */
  async read(name: string, signal?: AbortSignal): Promise<Weight> {
    const tensor = this.#tensor(name);
    const elements = tensor.shape.reduce((product, size) => product * size, 1);
    return this.#elements(name, tensor, tensor.shape, 0, elements, signal);
  }

  /**
   * Rows `[from, to)` of the first axis, of a tensor of rank 1 or more. @throws RangeError for rows that aren't there,
   * else as `read`.
   */
  async readRows(name: string, from: number, to: number, signal?: AbortSignal): Promise<Weight> {
    const tensor = this.#tensor(name);
    const [rows, ...rest] = tensor.shape;
    if (rows === undefined || from < 0 || to < from || to > rows) {
      throw new RangeError(`rows ${from} to ${to} of ${rows ?? 'a single number'}`);
    }
    const width = rest.reduce((product, size) => product * size, 1);
    return this.#elements(name, tensor, [to - from, ...rest], from * width, (to - from) * width, signal);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  #tensor(name: string): SafetensorsTensor {
    const tensor = this.tensors.get(name);
    if (tensor !== undefined) return tensor;
    throw new ZooError('NOT_FOUND', `${basename(this.#path)} has no tensor ${JSON.stringify(name)}`, {
      found: [...this.tensors.keys()].slice(0, 10).join(', '),
    });
  }

  async #elements(
    name: string,
    tensor: SafetensorsTensor,
    shape: readonly number[],
    first: number,
    elements: number,
    signal: AbortSignal | undefined,
  ): Promise<Weight> {
    const type = elementType(tensor.dtype, name);
    const data: WeightData = emptyData(type.dtype, elements);
    const start = this.#dataStart + tensor.start + first * type.size;
    const length = elements * type.size;
    if (type.decode === undefined) {
      const bytes = new Uint8Array(data.buffer);
      for (let at = 0; at < length; at += CHUNK) {
        signal?.throwIfAborted();
        await this.#readAll(bytes.subarray(at, Math.min(at + CHUNK, length)), start + at);
      }
    } else {
      const scratch = new Uint8Array(new ArrayBuffer(Math.min(CHUNK, length)));
      for (let at = 0; at < length; at += CHUNK) {
        signal?.throwIfAborted();
        const bytes = scratch.subarray(0, Math.min(CHUNK, length - at));
        await this.#readAll(bytes, start + at);
        type.decode(bytes, data, at / type.size, name);
      }
    }
    return { shape: [...shape], dtype: type.dtype, data };
  }

  async #readAll(bytes: Uint8Array, position: number): Promise<void> {
    const filled = await fill(this.#handle, bytes, position);
    if (filled === bytes.length) return;
    throw new ZooError('INTEGRITY', `${basename(this.#path)} became shorter while it was read`, {
      expected: bytes.length,
      found: filled,
    });
  }
}

/** Reads until `bytes` is full or the file ends. @returns bytes read. */
async function fill(handle: FileHandle, bytes: Uint8Array, position: number): Promise<number> {
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}
