/**
 * The number types of safetensors and how each becomes one of ours. Bytes are little-endian in the file, as on every
 * machine that TensorFlow runs on.
 */
import { ZooError } from '../../core/errors.js';
import { halfToFloat } from '../half-float.js';
import type { Weight, WeightData } from '../weight.js';

/**
 * Puts the elements of `bytes` into `target` from `at` on. `bytes` begins at offset 0 of its buffer.
 * @throws ZooError `DATA` for a value that the type can't hold.
 */
type Decode = (bytes: Uint8Array, target: WeightData, at: number, tensor: string) => void;

export interface ElementType {
  /** Bytes of an element in the file. */
  readonly size: number;
  readonly dtype: Weight['dtype'];
  /** undefined where the bytes of the file are the array itself. */
  readonly decode: Decode | undefined;
}

/** All half precision numbers as float32, made at the first use: a quarter of a megabyte. */
let halves: Float32Array | undefined;

const count = (bytes: Uint8Array, size: number) => bytes.byteLength / size;

function misfit(tensor: string, expected: string, found: number | bigint): ZooError {
  return new ZooError(
    'DATA',
    `Tensor ${JSON.stringify(tensor.slice(0, 100))} has a number that is too large`,
    {
      expected,
      found: String(found),
    },
  );
}

/** Small integers, each of which an int32 holds. */
function widened(
  size: number,
  view: (buffer: ArrayBufferLike, length: number) => ArrayLike<number>,
): ElementType {
  return {
    size,
    dtype: 'int32',
    decode: (bytes, target, at) => target.set(view(bytes.buffer, count(bytes, size)), at),
  };
}

/** 64 bits as two words: the value fits where the upper one only repeats the sign. */
function narrowed(signed: boolean): ElementType {
  return {
    size: 8,
    dtype: 'int32',
    decode(bytes, target, at, tensor) {
      const elements = count(bytes, 8);
      const words = new Int32Array(bytes.buffer, 0, 2 * elements);
      for (let index = 0; index < elements; index++) {
        const low = words[2 * index] ?? 0;
        const high = words[2 * index + 1] ?? 0;
        if (high !== low >> 31 || (!signed && low < 0)) {
          const wide = signed ? new BigInt64Array(bytes.buffer) : new BigUint64Array(bytes.buffer);
          throw misfit(tensor, 'whole numbers of at most 32 bits', wide[index] ?? 0n);
        }
        target[at + index] = low;
      }
    },
  };
}

const TYPES: Readonly<Record<string, ElementType>> = {
  F32: { size: 4, dtype: 'float32', decode: undefined },
  I32: { size: 4, dtype: 'int32', decode: undefined },
  F16: {
    size: 2,
    dtype: 'float32',
    decode(bytes, target, at) {
      halves ??= Float32Array.from({ length: 65536 }, (_, index) => halfToFloat(index));
      const table = halves;
      const bits = new Uint16Array(bytes.buffer, 0, count(bytes, 2));
      for (let index = 0; index < bits.length; index++) target[at + index] = table[bits[index] ?? 0] ?? 0;
    },
  },
  BF16: {
    size: 2,
    dtype: 'float32',
    decode(bytes, target, at) {
      const bits = new Uint16Array(bytes.buffer, 0, count(bytes, 2));
      // The upper half of a float32: written as integers, so that NaNs keep their bits.
      const words = new Uint32Array(target.buffer, target.byteOffset + 4 * at, bits.length);
      for (let index = 0; index < bits.length; index++) words[index] = (bits[index] ?? 0) << 16;
    },
  },
  F64: {
    size: 8,
    dtype: 'float32',
    decode(bytes, target, at, tensor) {
      const values = new Float64Array(bytes.buffer, 0, count(bytes, 8));
      for (let index = 0; index < values.length; index++) {
        const value = values[index] ?? 0;
        if (Number.isFinite(value) && !Number.isFinite(Math.fround(value))) {
          throw misfit(tensor, 'numbers that single precision holds', value);
        }
        target[at + index] = value;
      }
    },
  },
  I64: narrowed(true),
  U64: narrowed(false),
  U32: {
    size: 4,
    dtype: 'int32',
    decode(bytes, target, at, tensor) {
      const values = new Uint32Array(bytes.buffer, 0, count(bytes, 4));
      for (let index = 0; index < values.length; index++) {
        const value = values[index] ?? 0;
        if (value > 0x7fffffff) throw misfit(tensor, 'whole numbers of at most 31 bits', value);
        target[at + index] = value;
      }
    },
  },
  I16: widened(2, (buffer, length) => new Int16Array(buffer, 0, length)),
  U16: widened(2, (buffer, length) => new Uint16Array(buffer, 0, length)),
  I8: widened(1, (buffer, length) => new Int8Array(buffer, 0, length)),
  U8: widened(1, (buffer, length) => new Uint8Array(buffer, 0, length)),
  BOOL: {
    size: 1,
    dtype: 'bool',
    decode(bytes, target, at) {
      for (let index = 0; index < bytes.length; index++) target[at + index] = bytes[index] === 0 ? 0 : 1;
    },
  },
};

/** @throws ZooError `DATA` for a type that safetensors knows and this program has no use for (8 bits and less, complex). */
export function elementType(name: string, tensor: string): ElementType {
  const type = Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
  if (type !== undefined) return type;
  throw new ZooError('DATA', `Tensor ${JSON.stringify(tensor.slice(0, 100))} has a type that can't be read`, {
    expected: Object.keys(TYPES).join(', '),
    found: name,
  });
}

export function emptyData(dtype: Weight['dtype'], elements: number): WeightData {
  if (dtype === 'float32') return new Float32Array(elements);
  return dtype === 'int32' ? new Int32Array(elements) : new Uint8Array(elements);
}
