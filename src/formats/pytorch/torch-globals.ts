/**
 * The names that a state dict asks for, and what they become here: descriptions of tensors, checked as they are made.
 * The arguments are those of PyTorch's `torch/_utils.py` (`_rebuild_tensor`, `_v2`, `_v3`, `_rebuild_parameter`).
 */
import { PickleFault } from './pickle-bytes.js';
import {
  KnownGlobal,
  type NumberType,
  type PickleDict,
  PickleTuple,
  type PickleValue,
  type Spend,
  StorageReference,
  TensorReference,
} from './pickle-values.js';
import { typeGlobals } from './torch-types.js';

/** PyTorch allows 64. */
const MAX_RANK = 64;

/** By `module.name`. */
export const TORCH_GLOBALS: ReadonlyMap<string, KnownGlobal> = new Map(
  [
    ...typeGlobals(),
    new KnownGlobal('collections.OrderedDict', { call: orderedDict }),
    new KnownGlobal('torch._utils._rebuild_tensor', { call: (args) => rebuildTensor(args) }),
    new KnownGlobal('torch._utils._rebuild_tensor_v2', { call: (args) => rebuildTensor(args) }),
    new KnownGlobal('torch._utils._rebuild_tensor_v3', { call: (args) => rebuildTensor(args, args[6]) }),
    new KnownGlobal('torch._utils._rebuild_parameter', { call: rebuildParameter }),
    new KnownGlobal('torch.Size', { call: ([sizes]) => new PickleTuple(tupleItems(sizes, 'a size')) }),
    // How Python 3 writes bytes for Python 2: a text of which each character is a byte.
    new KnownGlobal('_codecs.encode', { call: encoded }),
    // Where a tensor lay when it was saved; nobody asks.
    new KnownGlobal('torch.device', { call: ([kind]) => kind ?? null }),
  ].map((known) => [known.name, known]),
);

/** Empty, or of a list of pairs as Python 2 wrote it. */
function orderedDict(args: readonly PickleValue[], spend: Spend): PickleDict {
  const [pairs = [], ...more] = args;
  if (!Array.isArray(pairs) || more.length > 0)
    throw new PickleFault('a dictionary is made of no list of pairs');
  spend(pairs.length);
  const dict: PickleDict = new Map();
  for (const pair of pairs) {
    const [key, value, ...rest] = pair instanceof PickleTuple ? pair.items : Array.isArray(pair) ? pair : [];
    if (typeof key !== 'string' || value === undefined || rest.length > 0) {
      throw new PickleFault('a dictionary is made of something other than pairs with names');
    }
    dict.set(key, value);
  }
  return dict;
}

function encoded([text, encoding]: readonly PickleValue[], spend: Spend): PickleValue {
  if (typeof text !== 'string' || encoding !== 'latin1')
    throw new PickleFault('bytes are written in no known way');
  spend(text.length);
  return Buffer.from(text, 'latin1');
}

function rebuildParameter([data]: readonly PickleValue[]): TensorReference {
  if (data instanceof TensorReference) return data;
  throw new PickleFault('a parameter is made of something other than a tensor');
}

/** @param dtype given where the storage has no type. */
function rebuildTensor(args: readonly PickleValue[], dtype?: PickleValue): TensorReference {
  const [storage, first, sizes, steps] = args;
  if (!(storage instanceof StorageReference)) {
    throw new PickleFault('a tensor is made of something other than a storage');
  }
  const type = tensorType(storage, dtype);
  const offset = natural(first, 'the offset of a tensor');
  const shape = naturals(sizes, 'the shape of a tensor');
  const strides = naturals(steps, 'the strides of a tensor');
  if (shape.length !== strides.length)
    throw new PickleFault('a tensor has not as many strides as dimensions');
  checkBounds(storage, type, offset, shape, strides);
  return new TensorReference(storage, type, offset, shape, strides);
}

function tensorType(storage: StorageReference, dtype: PickleValue | undefined): NumberType {
  const named = dtype instanceof KnownGlobal && 'dtype' in dtype.meaning ? dtype.meaning.dtype : undefined;
  const type = named ?? storage.type;
  if (type === 'untyped') throw new PickleFault('a tensor has no number type');
  if (storage.type !== 'untyped' && storage.type.name !== type.name) {
    throw new PickleFault(`a tensor of ${type.name} is made of a storage of ${storage.type.name}`);
  }
  return type;
}

/** Every number of the tensor lies in its storage, and there are not more than a double counts exactly. */
function checkBounds(
  storage: StorageReference,
  type: NumberType,
  offset: number,
  shape: readonly number[],
  strides: readonly number[],
): void {
  const elements = shape.reduce((product, size) => product * size, 1);
  const last = shape.reduce((sum, size, axis) => sum + (size - 1) * (strides[axis] ?? 0), offset);
  const held = storage.type === 'untyped' ? Math.floor(storage.count / type.size) : storage.count;
  if (elements === 0) return;
  if (Number.isSafeInteger(elements) && last < held) return;
  throw new PickleFault(`a tensor of shape [${shape}] reaches beyond its storage of ${held} numbers`);
}

function tupleItems(value: PickleValue | undefined, what: string): readonly PickleValue[] {
  const items = value instanceof PickleTuple ? value.items : value;
  if (!Array.isArray(items)) throw new PickleFault(`${what} is no tuple`);
  if (items.length > MAX_RANK) throw new PickleFault(`${what} has ${items.length} dimensions`);
  return items;
}

function naturals(value: PickleValue | undefined, what: string): readonly number[] {
  return tupleItems(value, what).map((item) => natural(item, what));
}

/** A whole number from 0 that is exact in a double. */
export function natural(value: PickleValue | undefined, what: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new PickleFault(`${what} is no whole number from 0`);
}
