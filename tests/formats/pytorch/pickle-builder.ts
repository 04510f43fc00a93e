/** Writes pickles and legacy files byte by byte, also such as no program would. */

export const concat = (...parts: (Uint8Array | readonly number[])[]): Buffer =>
  Buffer.concat(parts.map((part) => Uint8Array.from(part)));

export function uint(value: number | bigint, size: 1 | 2 | 4 | 8): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes.subarray(0, size);
}

/** Each opcode by the name that Python's `pickletools` has for it. */
export const op = {
  proto: (version: number) => concat([0x80, version]),
  stop: concat([0x2e]),
  mark: concat([0x28]),
  none: concat([0x4e]),
  true: concat([0x88]),
  int: (value: number) => concat([0x4a], uint(value >>> 0, 4)),
  /** LONG1 of eight bytes. */
  long: (value: bigint) => concat([0x8a, 8], uint(BigInt.asUintN(64, value), 8)),
  text: (value: string) => concat([0x58], uint(Buffer.byteLength(value), 4), Buffer.from(value)),
  global: (module: string, name: string) => concat([0x63], Buffer.from(`${module}\n${name}\n`)),
  tuple: (...items: Uint8Array[]) => concat([0x28], ...items, [0x74]),
  list: (...items: Uint8Array[]) => concat([0x28], ...items, [0x6c]),
  dict: (...items: Uint8Array[]) => concat([0x28], ...items, [0x64]),
  emptyDict: concat([0x7d]),
  emptyList: concat([0x5d]),
  reduce: concat([0x52]),
  persistent: concat([0x51]),
  put: (place: number) => concat([0x71, place]),
  get: (place: number) => concat([0x68, place]),
  append: concat([0x61]),
  setItem: concat([0x73]),
  build: concat([0x62]),
};

export interface StorageSpec {
  readonly key: string;
  readonly count: number | bigint;
  readonly type?: string;
  /** Offset and length of a part of it. */
  readonly part?: readonly [number, number];
}

/** The pickle of a persistent reference to a storage. */
export function storage({ key, count, type = 'FloatStorage', part }: StorageSpec): Buffer {
  const items = [
    op.text('storage'),
    op.global('torch', type),
    op.text(key),
    op.text('cpu'),
    op.long(BigInt(count)),
    part === undefined ? op.none : op.tuple(op.text('view'), op.int(part[0]), op.int(part[1])),
  ];
  return concat(op.tuple(...items), op.persistent);
}

export interface TensorSpec {
  readonly storage: StorageSpec;
  readonly offset?: number | bigint;
  readonly shape: readonly (number | bigint)[];
  readonly strides: readonly (number | bigint)[];
}

/** The pickle of a tensor. */
export function tensor({ storage: of, offset = 0, shape, strides }: TensorSpec): Buffer {
  const numbers = (values: readonly (number | bigint)[]) =>
    op.tuple(...values.map((value) => op.long(BigInt(value))));
  return concat(
    op.global('torch._utils', '_rebuild_tensor_v2'),
    op.tuple(storage(of), op.long(BigInt(offset)), numbers(shape), numbers(strides), op.none, op.none),
    op.reduce,
  );
}

const MAGIC = 0x1950a86a20f9469cfc6cn;

export interface LegacySpec {
  /** Pickle of the object without PROTO and STOP. */
  readonly root: Uint8Array;
  readonly keys?: readonly string[];
  /** What follows the pickles. */
  readonly storages?: Uint8Array;
  readonly protocol?: number;
  readonly littleEndian?: Uint8Array;
}

/** A file in the legacy layout. */
export function legacy(spec: LegacySpec): Buffer {
  const pickle = (...parts: Uint8Array[]) => concat(op.proto(2), ...parts, op.stop);
  const magic = Buffer.from(MAGIC.toString(16).padStart(20, '0'), 'hex').reverse();
  return concat(
    pickle(concat([0x8a, 10], magic)),
    pickle(op.int(spec.protocol ?? 1001)),
    pickle(op.dict(op.text('little_endian'), spec.littleEndian ?? op.true)),
    pickle(spec.root),
    pickle(op.list(...(spec.keys ?? []).map(op.text))),
    spec.storages ?? new Uint8Array(),
  );
}

/** A stored whole as the legacy layout has it: how many numbers, and the numbers. */
export function floats(values: readonly number[], count: number | bigint = values.length): Buffer {
  return concat(uint(count, 8), new Uint8Array(Float32Array.from(values).buffer));
}
