import { describe, expect, it } from 'vitest';
import { type ZipSpec, zipOf } from '../../support/archive-builder.js';
import { thrownBy } from '../../support/thrown-by.js';
import {
  concat,
  floats,
  legacy,
  op,
  type StorageSpec,
  storage,
  type TensorSpec,
  tensor,
  uint,
} from './pickle-builder.js';
import { readBytes } from './torch-fixtures.js';

const HUGE = 2n ** 60n;
const zero: StorageSpec = { key: '0', count: 4 };

function file(of: TensorSpec, storages = floats([1, 2, 3, 4])): Buffer {
  return legacy({ root: op.dict(op.text('w'), tensor(of)), keys: ['0'], storages });
}

/** Reads `bytes`, which has to be refused, and how much memory was taken on the way. */
async function refusal(bytes: Uint8Array) {
  const before = process.memoryUsage();
  const error = await thrownBy(() => readBytes(bytes));
  const after = process.memoryUsage();
  expect(after.arrayBuffers + after.heapUsed - before.arrayBuffers - before.heapUsed).toBeLessThan(400e6);
  return error;
}

describe('sizes that the file does not have', () => {
  it.each<[string, TensorSpec]>([
    ['more numbers than the storage', { storage: zero, shape: [5], strides: [1] }],
    ['a shape of 2^60', { storage: zero, shape: [HUGE], strides: [1] }],
    ['a shape of 2^60 that repeats one number', { storage: zero, shape: [HUGE], strides: [0] }],
    ['2^40 repetitions', { storage: zero, shape: [2 ** 20, 2 ** 20], strides: [0, 0] }],
    ['an offset of 2^60', { storage: zero, offset: HUGE, shape: [1], strides: [1] }],
    ['an offset behind the storage', { storage: zero, offset: 4, shape: [1], strides: [1] }],
    ['a stride of 2^60', { storage: zero, shape: [2], strides: [HUGE] }],
    ['a stride that leads out', { storage: zero, shape: [2, 2], strides: [3, 1] }],
    ['a negative offset', { storage: zero, offset: -1, shape: [1], strides: [1] }],
    ['a negative size', { storage: zero, shape: [-1], strides: [1] }],
    ['a negative stride', { storage: zero, shape: [2], strides: [-1] }],
    ['not as many strides as dimensions', { storage: zero, shape: [2, 2], strides: [1] }],
    ['a hundred dimensions', { storage: zero, shape: Array(100).fill(1), strides: Array(100).fill(1) }],
    ['a storage of 2^60', { storage: { key: '0', count: HUGE }, shape: [4], strides: [1] }],
    ['a storage of 2^50', { storage: { key: '0', count: 2n ** 50n }, shape: [4], strides: [1] }],
    [
      'a part that reaches out of its storage',
      { storage: { ...zero, part: [2, 3] }, shape: [1], strides: [1] },
    ],
    [
      'a tensor that reaches out of its part',
      { storage: { ...zero, part: [2, 2] }, shape: [3], strides: [1] },
    ],
  ])('%s', async (_, spec) => {
    const error = await refusal(file(spec));
    expect(error.code).toBe('INTEGRITY');
  });

  it('a storage whose own length is another', async () => {
    const spec = { storage: zero, shape: [4], strides: [1] };
    for (const count of [3, 5, HUGE]) {
      expect((await refusal(file(spec, floats([1, 2, 3, 4], count)))).code).toBe('INTEGRITY');
    }
  });

  it('thousands of tensors that are each the whole file', async () => {
    const numbers = Array.from({ length: 100_000 }, () => 1);
    const of = { key: '0', count: numbers.length };
    const whole = concat(tensor({ storage: of, shape: [numbers.length], strides: [1] }), op.put(1));
    const more = Array.from({ length: 2000 }, (_, index) => [op.text(String(index)), op.get(1)]).flat();
    const root = op.dict(op.text('w'), whole, ...more);
    const error = await refusal(legacy({ root, keys: ['0'], storages: floats(numbers) }));
    expect(error).toMatchObject({
      code: 'INTEGRITY',
      message: expect.stringContaining('larger than the file'),
    });
  });
});

describe('a part of a storage', () => {
  it('is read from where it lies', async () => {
    const weights = await readBytes(
      file({ storage: { ...zero, part: [1, 3] }, offset: 1, shape: [2], strides: [1] }),
    );
    expect([...(weights.get('w')?.data ?? [])]).toEqual([3, 4]);
  });
});

describe('storages', () => {
  const view = { shape: [4], strides: [1] };
  const two = (a: StorageSpec, b: StorageSpec) =>
    op.dict(op.text('a'), tensor({ storage: a, ...view }), op.text('b'), tensor({ storage: b, ...view }));

  it.each([
    ['described in two ways', legacy({ root: two(zero, { ...zero, count: 5 }), keys: ['0'] })],
    ['of two types', legacy({ root: two(zero, { ...zero, type: 'IntStorage' }), keys: ['0'] })],
    [
      'that nothing refers to',
      legacy({ root: two(zero, zero), keys: ['0', '1'], storages: floats([1, 2, 3, 4]) }),
    ],
    ['listed twice', legacy({ root: two(zero, zero), keys: ['0', '0'], storages: floats([1, 2, 3, 4]) })],
    ['that are not listed', legacy({ root: two(zero, zero), keys: [] })],
    ['of an unknown type', legacy({ root: two({ ...zero, type: 'QInt8Storage' }, zero), keys: ['0'] })],
  ])('%s', async (_, bytes) => {
    expect((await refusal(bytes)).code).toBe('INTEGRITY');
  });
});

describe('pickles', () => {
  const root = (...parts: Uint8Array[]) => legacy({ root: concat(...parts) });
  const length8 = (code: number) => concat([code], uint(HUGE, 8));

  it.each([
    ['a text of 2^60', root(length8(0x8d))],
    ['bytes of 2^60', root(length8(0x8e))],
    ['a byte array of 2^60', root(length8(0x96))],
    ['a text of 4 GB', root(concat([0x58], uint(0xffffffff, 4)))],
    ['an integer of a gigabyte', root(concat([0x8b], uint(2 ** 30, 4)))],
    ['a line without an end', root(concat([0x63], Buffer.alloc(5000, 0x61)))],
    ['a number that is none', root(concat([0x49], Buffer.from('12a\n')))],
    ['a text that is not UTF-8', root(concat([0x58], uint(2, 4), [0xc3, 0x28]))],
    ['an empty stack', root(op.setItem)],
    ['a mark that was not set', root(concat([0x74]))],
    ['values below a mark', root(op.emptyDict, op.mark, op.setItem)],
    ['a memo that is empty', root(op.get(5))],
    ['a dictionary as a key', root(op.dict(op.emptyDict, op.none))],
    ['a key without a value', root(op.dict(op.none))],
    ['entries in a list', root(op.emptyList, op.none, op.none, op.setItem)],
    ['attributes of a list', root(op.emptyList, op.none, op.build)],
    ['a call of a text', root(op.text('eval'), op.tuple(), op.reduce)],
    ['a call of a type', root(op.global('torch', 'FloatStorage'), op.tuple(), op.reduce)],
    ['a call without a tuple', root(op.global('collections', 'OrderedDict'), op.emptyList, op.reduce)],
    ['protocol 6', root(op.proto(6))],
    ['another protocol of PyTorch', legacy({ root: op.emptyDict, protocol: 1002 })],
  ])('with %s', async (_, bytes) => {
    expect((await refusal(bytes)).code).toBe('INTEGRITY');
  });

  it('with more instructions than any network needs', async () => {
    const error = await thrownBy(() => readBytes(root(Buffer.alloc(2_000_000, 0x5d))));
    expect(error).toMatchObject({
      code: 'INTEGRITY',
      message: expect.stringContaining('1000000 instructions'),
    });
  });

  it('that copy a long list over and over', async () => {
    const pair = op.list(op.text('k'), op.none);
    const pairs = concat(
      op.emptyList,
      op.put(1),
      op.mark,
      ...Array.from({ length: 20_000 }, () => pair),
      [0x65],
    );
    const copy = concat(op.global('collections', 'OrderedDict'), op.tuple(op.get(1)), op.reduce);
    const error = await refusal(root(pairs, ...Array.from({ length: 2000 }, () => copy)));
    expect(error).toMatchObject({ code: 'INTEGRITY', message: expect.stringContaining('instructions') });
  });

  it('nested a hundred thousand deep, and lists that hold themselves', async () => {
    const deep = root(
      concat(...Array.from({ length: 100_000 }, () => op.emptyList)),
      concat(...Array.from({ length: 99_999 }, () => op.append)),
    );
    expect((await refusal(deep)).code).toBe('INTEGRITY');
    const self = root(op.emptyList, op.put(1), op.get(1), op.append);
    expect((await refusal(self)).code).toBe('INTEGRITY');
  });

  it('that hold themselves beside the weights', async () => {
    const state = op.dict(op.text('w'), tensor({ storage: zero, shape: [4], strides: [1] }));
    const self = concat(op.emptyList, op.put(1), op.get(1), op.append);
    const whole = op.dict(op.text('model'), state, op.text('other'), self);
    const weights = await readBytes(legacy({ root: whole, keys: ['0'], storages: floats([1, 2, 3, 4]) }));
    expect([...(weights.get('w')?.data ?? [])]).toEqual([1, 2, 3, 4]);
  });

  it('may be longer than the first part that is read', async () => {
    const note = 'x'.repeat(700_000);
    const state = op.dict(op.text('w'), tensor({ storage: zero, shape: [4], strides: [1] }));
    const whole = op.dict(op.text('note'), op.text(note), op.text('model'), state);
    const weights = await readBytes(legacy({ root: whole, keys: ['0'], storages: floats([5, 6, 7, 8]) }));
    expect([...(weights.get('w')?.data ?? [])]).toEqual([5, 6, 7, 8]);
  });

  it('refer to storages only', async () => {
    for (const id of [op.none, op.tuple(op.text('module'), op.none), op.tuple()]) {
      expect((await refusal(root(id, op.persistent))).code).toBe('INTEGRITY');
    }
    expect((await refusal(root(storage(zero)))).code).toBe('INTEGRITY');
  });
});

describe('zips', () => {
  const state = op.dict(op.text('w'), tensor({ storage: zero, shape: [4], strides: [1] }));
  const pickle = concat(op.proto(2), state, op.stop);
  const numbers = floats([1, 2, 3, 4]).subarray(8);
  const members: readonly ZipSpec[] = [
    { name: 'archive/data.pkl', data: pickle, method: 0 },
    { name: 'archive/data/0', data: numbers, method: 0 },
  ];
  /** The members with one of them changed, or one more. */
  const changed = (name: string, change: Partial<ZipSpec>) =>
    members.some((member) => member.name === name)
      ? members.map((member) => (member.name === name ? { ...member, ...change } : member))
      : [...members, { name, method: 0, ...change }];

  it('with what is needed are read', async () => {
    for (const zip of [
      zipOf(members),
      zipOf(members, { zip64: true }),
      zipOf(changed('archive/version', { data: '3' })),
    ]) {
      const weights = await readBytes(zip);
      expect([...(weights.get('w')?.data ?? [])]).toEqual([1, 2, 3, 4]);
    }
  });

  it.each<[string, readonly ZipSpec[]]>([
    ['without a pickle', members.slice(1)],
    ['with two pickles', changed('other/data.pkl', { data: pickle })],
    ['without the storage', members.slice(0, 1)],
    ['with a packed pickle', changed('archive/data.pkl', { method: 8 })],
    ['with a packed storage', changed('archive/data/0', { method: 8 })],
    ['with a shorter storage', changed('archive/data/0', { data: numbers.subarray(4) })],
    ['with a longer storage', changed('archive/data/0', { data: concat(numbers, [0, 0, 0, 0]) })],
    ['with half a pickle', changed('archive/data.pkl', { data: pickle.subarray(0, pickle.length - 2) })],
    [
      'with a pickle in no folder',
      members.map((member) => ({ ...member, name: String(member.name).slice(8) })),
    ],
    ['that overlap', changed('archive/data/0', { central: { offset: 0 } })],
  ])('%s are refused', async (_, specs) => {
    expect((await refusal(zipOf(specs))).exitCode).toBe(4);
  });
});
