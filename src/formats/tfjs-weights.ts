/**
 * The tensors of a TensorFlow.js model, one after the other, decoded to what TensorFlow computes with. Quantised ones
 * are widened: `value = q * scale + min` for uint8 and uint16, half precision as it is. Byte order is little-endian,
 * as on every machine that tfjs-node runs on.
 */
import { ZooError } from '../core/errors.js';
import { elementCount, malformed } from '../registry/describe/description.js';
import { type Tensor, tf } from '../runtime/tensorflow.js';
import { halfToFloat } from './half-float.js';
import { SpanReader } from './span-reader.js';
import type { TfjsModel, WeightEntry } from './tfjs-model.js';

interface Common {
  readonly name: string;
  readonly shape: number[];
}
export type StoredWeight = Common &
  (
    | { readonly dtype: 'float32'; readonly data: Float32Array }
    | { readonly dtype: 'int32'; readonly data: Int32Array }
    | { readonly dtype: 'bool'; readonly data: Uint8Array }
    /** UTF-8 or any other bytes. */
    | { readonly dtype: 'string'; readonly data: Uint8Array[] }
  );

/**
 * Reads the tensors whose names are wanted, and passes over the others without reading them.
 * @throws ZooError `INTEGRITY` when bytes are missing or left over, `DATA` for complex numbers.
 */
export async function* readTfjsWeights(
  model: TfjsModel,
  wanted: (weight: WeightEntry) => boolean = () => true,
): AsyncGenerator<StoredWeight> {
  for await (const read of readEntries(model, wanted)) {
    if (Array.isArray(read.bytes)) {
      const { name, shape } = read.entry;
      yield { name, shape: [...shape], dtype: 'string', data: read.bytes };
    } else yield decodeWeight(read.entry, read.bytes);
  }
}

/** A tensor of numbers as it lies in the files. */
export interface PackedWeight {
  readonly entry: WeightEntry;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The tensors that are stored in fewer bits than they are computed with, undecoded, by name. @throws as `readTfjsWeights`. */
export async function readQuantised(model: TfjsModel): Promise<Map<string, PackedWeight>> {
  const found = new Map<string, PackedWeight>();
  for await (const { entry, bytes } of readEntries(model, (weight) => weight.quantization !== undefined))
    if (!Array.isArray(bytes)) found.set(entry.name, { entry, bytes });
  return found;
}

interface ReadEntry {
  readonly entry: WeightEntry;
  /** Each string by itself. */
  readonly bytes: Uint8Array<ArrayBuffer> | Uint8Array[];
}

async function* readEntries(
  model: TfjsModel,
  wanted: (weight: WeightEntry) => boolean,
): AsyncGenerator<ReadEntry> {
  for (const group of model.groups) {
    const reader = new SpanReader(group.files);
    try {
      for (const weight of group.weights) {
        const count = elementCount(weight.shape, model.file.path);
        if (weight.dtype === 'string') {
          const strings = await readStrings(reader, count, weight.name);
          if (wanted(weight)) yield { entry: weight, bytes: strings };
          continue;
        }
        const length = count * bytesOf(weight);
        if (wanted(weight)) yield { entry: weight, bytes: await reader.read(length) };
        else await reader.skip(length);
      }
      if (reader.remaining > 0) {
        throw malformed(
          group.files.at(-1)?.path ?? model.file.path,
          'it has bytes that belong to no tensor',
          0,
          reader.remaining,
        );
      }
    } finally {
      await reader.close();
    }
  }
}

/** A tensor that no tidy takes away; it shares its numbers with `weight` until TensorFlow has copied them. */
export function weightTensor(weight: StoredWeight): Tensor {
  return tf.keep(tf.tensor(weight.data, weight.shape, weight.dtype));
}

/**
 * A tensor of a network as it can be written.
 * @throws ZooError `DATA` for complex numbers.
 */
export async function storedWeight(name: string, tensor: Tensor): Promise<StoredWeight> {
  const shape = [...tensor.shape];
  const { dtype } = tensor;
  if (dtype === 'string') {
    const strings = await tensor.bytes();
    return { name, shape, dtype, data: Array.isArray(strings) ? strings : [strings] };
  }
  const data = await tensor.data();
  if (dtype === 'float32' && data instanceof Float32Array) return { name, shape, dtype, data };
  if (dtype === 'int32' && data instanceof Int32Array) return { name, shape, dtype, data };
  if (dtype === 'bool' && data instanceof Uint8Array) return { name, shape, dtype, data };
  throw new ZooError('DATA', `The type of a tensor can not be written: ${name.slice(0, 100)}`, {
    expected: 'float32, int32, bool or string',
    found: dtype,
  });
}

/** Each string is its length in four bytes, then its bytes. */
async function readStrings(reader: SpanReader, count: number, name: string): Promise<Uint8Array[]> {
  // Every string takes four bytes at least, so a count beyond that is a lie and is not allocated.
  if (count * 4 > reader.remaining) {
    throw malformed(
      'weights',
      `the strings of ${name.slice(0, 100)} are not all there`,
      count * 4,
      reader.remaining,
    );
  }
  const strings: Uint8Array[] = [];
  for (let index = 0; index < count; index++) {
    const header = await reader.read(4);
    strings.push(await reader.read(new DataView(header.buffer).getUint32(0, true)));
  }
  return strings;
}

function storedType(weight: WeightEntry): string {
  return weight.quantization?.dtype ?? weight.dtype;
}

function bytesOf(weight: WeightEntry): number {
  switch (storedType(weight)) {
    case 'uint8':
    case 'bool':
      return 1;
    case 'uint16':
    case 'float16':
      return 2;
    case 'float32':
    case 'int32':
      return 4;
    default:
      throw new ZooError('DATA', `The type of a tensor is not supported: ${weight.name.slice(0, 100)}`, {
        expected: 'float32, float16, int32, bool, string, uint8 or uint16',
        found: storedType(weight),
      });
  }
}

/** @param bytes its own, at the start of their buffer. */
export function decodeWeight(weight: WeightEntry, bytes: Uint8Array<ArrayBuffer>): StoredWeight {
  const { name, quantization } = weight;
  const shape = [...weight.shape];
  const stored = storedNumbers(storedType(weight), bytes);
  if (quantization?.dtype.startsWith('uint')) {
    const { scale, min } = quantization;
    if (scale === undefined || min === undefined) {
      throw malformed('model.json', `the quantisation of ${name.slice(0, 100)} has no scale and no min`);
    }
    const widen = (value: number) => value * scale + min;
    if (weight.dtype !== 'int32') return { name, shape, dtype: 'float32', data: mapped(stored, widen) };
    const data = Int32Array.from(stored, (value) => Math.round(widen(value)));
    return { name, shape, dtype: 'int32', data };
  }
  if (weight.dtype === 'bool') return { name, shape, dtype: 'bool', data: Uint8Array.from(stored) };
  if (stored instanceof Float32Array) return { name, shape, dtype: 'float32', data: stored };
  return {
    name,
    shape,
    dtype: 'int32',
    data: stored instanceof Int32Array ? stored : Int32Array.from(stored),
  };
}

function storedNumbers(type: string, bytes: Uint8Array<ArrayBuffer>) {
  switch (type) {
    case 'uint16':
      return new Uint16Array(bytes.buffer);
    case 'float16':
      return mapped(new Uint16Array(bytes.buffer), halfToFloat);
    case 'float32':
      return new Float32Array(bytes.buffer);
    case 'int32':
      return new Int32Array(bytes.buffer);
    default:
      return bytes;
  }
}

/** `Float32Array.from` goes through an iterator, which takes ten times as long. */
function mapped(values: ArrayLike<number>, value: (stored: number) => number): Float32Array {
  const result = new Float32Array(values.length);
  for (let index = 0; index < result.length; index++) result[index] = value(values[index] ?? 0);
  return result;
}
