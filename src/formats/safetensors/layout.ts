/** The header of a file that is about to be written. */
import type { Weight } from '../weight.js';

const WRITTEN_AS = { float32: 'F32', int32: 'I32', bool: 'BOOL' } as const;

export interface TensorLayout {
  readonly name: string;
  readonly dtype: Weight['dtype'];
  readonly shape: readonly number[];
}

/** Bytes of a tensor in the file. */
export function tensorBytes({ dtype, shape }: Omit<TensorLayout, 'name'>): number {
  return shape.reduce((product, size) => product * size, dtype === 'bool' ? 1 : 4);
}

const RANK = { float32: 0, int32: 1, bool: 2 } as const;

/**
 * The order of tensors in a file: by type, wide ones first, so that all of them are aligned, then by name in the order
 * of code units. It is the order of the reference implementation, whose bytes are the same.
 */
export function inFileOrder<T extends TensorLayout>(tensors: Iterable<T>): T[] {
  return [...tensors].sort(
    (a, b) => RANK[a.dtype] - RANK[b.dtype] || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  );
}

/**
 * Length and JSON of the header, padded with spaces so that the data begin at a multiple of 8 and not before
 * `atLeast` bytes.
 * @param tensors in file order.
 */
export function headerBytes(
  tensors: readonly TensorLayout[],
  metadata: Readonly<Record<string, string>>,
  atLeast = 0,
): Buffer {
  const entries: [string, unknown][] = [];
  const names = Object.keys(metadata).sort();
  if (names.length > 0)
    entries.push(['__metadata__', Object.fromEntries(names.map((name) => [name, metadata[name]]))]);
  let end = 0;
  for (const tensor of tensors) {
    const start = end;
    end += tensorBytes(tensor);
    entries.push([
      tensor.name,
      { dtype: WRITTEN_AS[tensor.dtype], shape: tensor.shape, data_offsets: [start, end] },
    ]);
  }
  // Not through an object, which would put names that are numbers first.
  const json = `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`;
  const text = Buffer.from(json, 'utf8');
  const length = Math.max(Math.ceil((8 + text.length) / 8) * 8, atLeast);
  const bytes = Buffer.alloc(length, ' ');
  bytes.writeBigUInt64LE(BigInt(length - 8), 0);
  text.copy(bytes, 8);
  return bytes;
}
