/** Writes a model in a format of TensorFlow.js: tensors one behind the other in shards of 4 MiB, and the model.json. */
import { join } from 'node:path';
import { writeFileAtomic } from '../core/atomic-file.js';
import { type Quantisation, quantise } from './quantise.js';
import type { WeightEntry } from './tfjs-model.js';
import type { StoredWeight } from './tfjs-weights.js';

/** As the converter cuts them: browsers cache files of this size. */
const SHARD_BYTES = 4 * 2 ** 20;

/** A tensor as it will lie in the files. */
export interface WeightBytes {
  readonly entry: WeightEntry;
  readonly bytes: Uint8Array;
}

export interface TfjsDocument {
  readonly format: 'layers-model' | 'graph-model';
  readonly modelTopology: object;
  readonly signature?: object | undefined;
  /** A graph that fills tables, and its signature. */
  readonly modelInitializer?: object | undefined;
  readonly initializerSignature?: object | undefined;
  readonly userDefinedMetadata?: object | undefined;
}

/** Says in the model.json who wrote it. */
const GENERATOR = 'neuralzoo';

/**
 * @param quantisation of float32 tensors with two dimensions or more; others are few numbers, of which some must be exact.
 * @returns bytes that are those of `weight` itself where nothing needs to be converted.
 * @throws RangeError for data that don't have the length of their shape.
 */
export function packWeight(weight: StoredWeight, quantisation?: Quantisation): WeightBytes {
  const { name, shape, dtype, data } = weight;
  const count = shape.reduce((product, size) => product * size, 1);
  if (data.length !== count) {
    throw new RangeError(`${name}: ${data.length} values for the shape [${shape.join(', ')}]`);
  }
  const entry = { name, shape, dtype };
  if (weight.dtype === 'string') return { entry, bytes: stringBytes(weight.data) };
  if (quantisation !== undefined && weight.dtype === 'float32' && shape.length > 1) {
    const { bytes, quantization } = quantise(weight.data, quantisation);
    return { entry: { ...entry, quantization }, bytes };
  }
  const { buffer, byteOffset, byteLength } = weight.data;
  return { entry, bytes: new Uint8Array(buffer, byteOffset, byteLength) };
}

/**
 * The model.json comes last: a folder without it holds no model.
 * @param folder that is there.
 * @returns the names of the files, the model.json first.
 * @throws the system's error (ENOSPC, EACCES …); the signal's reason.
 */
export async function writeTfjsModel(
  folder: string,
  content: TfjsDocument,
  weights: readonly WeightBytes[],
  signal?: AbortSignal,
): Promise<string[]> {
  const total = weights.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const count = Math.ceil(total / SHARD_BYTES);
  const paths: string[] = [];
  for (const shard of shards(weights)) {
    signal?.throwIfAborted();
    const path = `group1-shard${paths.length + 1}of${count}.bin`;
    await writeFileAtomic(join(folder, path), shard);
    paths.push(path);
  }
  const { format, ...parts } = content;
  const document = {
    format,
    generatedBy: GENERATOR,
    convertedBy: null,
    // JSON leaves out what is undefined.
    ...parts,
    weightsManifest: [{ paths, weights: weights.map(({ entry }) => entry) }],
  };
  await writeFileAtomic(join(folder, 'model.json'), JSON.stringify(document));
  return ['model.json', ...paths];
}

/** Tensors may go on in the next shard. */
function* shards(weights: readonly WeightBytes[]): Generator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let room = SHARD_BYTES;
  for (const { bytes } of weights) {
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + room);
      parts.push(part);
      at += part.length;
      room -= part.length;
      if (room > 0) continue;
      yield Buffer.concat(parts);
      parts = [];
      room = SHARD_BYTES;
    }
  }
  if (parts.length > 0) yield Buffer.concat(parts);
}

/** Each string is its length in four bytes, then its bytes. */
function stringBytes(strings: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(
    strings.flatMap((text) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(text.length);
      return [length, text];
    }),
  );
}

export interface WriteTfjsOptions {
  /** How each tensor is stored, default as it is: see `packWeight`. */
  readonly pack?: ((weight: StoredWeight) => WeightBytes) | undefined;
  /** Any JSON that goes into the model.json for those who load it; default none. */
  readonly metadata?: object | undefined;
  readonly signal?: AbortSignal | undefined;
}
