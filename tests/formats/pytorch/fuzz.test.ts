import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ZooError } from '../../../src/core/errors.js';
import type { Weights } from '../../../src/formats/weight.js';
import { concat, floats, legacy, op, storage, tensor } from './pickle-builder.js';
import { bytesOf, readBytes, torchFiles } from './torch-fixtures.js';

/** What a file gives: weights that make sense, or an error for people. Anything else fails. */
async function outcome(bytes: Uint8Array): Promise<'weights' | 'error'> {
  let weights: Weights;
  try {
    weights = await readBytes(bytes);
  } catch (error) {
    if (!(error instanceof ZooError)) throw error;
    expect([4, 7]).toContain(error.exitCode);
    return 'error';
  }
  let total = 0;
  for (const { shape, data } of weights.values()) {
    expect(data.length).toBe(shape.reduce((product, size) => product * size, 1));
    total += data.byteLength;
  }
  expect(total).toBeLessThanOrEqual(8 * bytes.length + 16 * 2 ** 20);
  return 'weights';
}

const seeds = torchFiles.cases.map(bytesOf);
const seed = fc.constantFrom(...seeds);

describe('damaged files', () => {
  it('with flipped bits give an error or weights', async () => {
    const flips = fc.array(fc.nat(), { minLength: 1, maxLength: 6 });
    const seen = { weights: 0, error: 0 };
    await fc.assert(
      fc.asyncProperty(seed, flips, async (bytes, places) => {
        const damaged = Buffer.from(bytes);
        for (const place of places) {
          const at = (place >> 3) % damaged.length;
          damaged[at] = (damaged[at] ?? 0) ^ (1 << (place & 7));
        }
        seen[await outcome(damaged)] += 1;
      }),
      { numRuns: 200 },
    );
    // Both ways are taken: numbers may flip unseen, structure may not.
    expect(seen.weights).toBeGreaterThan(0);
    expect(seen.error).toBeGreaterThan(0);
  });

  it('that were cut off are refused at every length', async () => {
    await fc.assert(
      fc.asyncProperty(
        seed,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        async (bytes, part) => {
          expect(await outcome(bytes.subarray(0, Math.floor(part * bytes.length)))).toBe('error');
        },
      ),
      { numRuns: 200 },
    );
  });

  it('with a part overwritten or put in give an error or weights', async () => {
    const piece = fc.uint8Array({ minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(seed, fc.nat(), piece, fc.boolean(), async (bytes, place, put, over) => {
        const at = place % bytes.length;
        await outcome(concat(bytes.subarray(0, at), put, bytes.subarray(at + (over ? put.length : 0))));
      }),
      { numRuns: 200 },
    );
  });
});

describe('pickles that nobody would write', () => {
  const anyInstruction = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 4 }),
    fc.constantFrom(
      op.mark,
      op.none,
      op.emptyDict,
      op.emptyList,
      op.reduce,
      op.persistent,
      op.append,
      op.setItem,
      op.build,
      op.put(0),
      op.get(0),
      op.int(7),
      op.text('weight'),
      op.global('collections', 'OrderedDict'),
      op.global('torch._utils', '_rebuild_tensor_v2'),
      storage({ key: '0', count: 4 }),
      tensor({ storage: { key: '0', count: 4 }, shape: [2, 2], strides: [2, 1] }),
      concat([0x32]),
      concat([0x65]),
      concat([0x75]),
      concat([0x74]),
      concat([0x64]),
      concat([0x94]),
    ),
  );

  it('end in an error or weights', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyInstruction, { maxLength: 40 }), async (parts) => {
        await outcome(legacy({ root: concat(...parts), keys: ['0'], storages: floats([1, 2, 3, 4]) }));
      }),
      { numRuns: 800 },
    );
  });

  it('may describe any view, which is given right or refused', async () => {
    const values = Array.from({ length: 24 }, (_, index) => index);
    const size = fc.integer({ min: 0, max: 5 });
    const view = fc
      .array(fc.record({ size, stride: fc.integer({ min: 0, max: 8 }) }), { maxLength: 4 })
      .chain((axes) => fc.record({ axes: fc.constant(axes), offset: fc.integer({ min: 0, max: 25 }) }));
    await fc.assert(
      fc.asyncProperty(view, async ({ axes, offset }) => {
        const root = op.dict(
          op.text('w'),
          tensor({
            storage: { key: '0', count: 24 },
            offset,
            shape: axes.map((axis) => axis.size),
            strides: axes.map((axis) => axis.stride),
          }),
        );
        // Every index of the view, counted independently.
        const places = axes.reduce(
          (found, axis) =>
            found.flatMap((place) =>
              Array.from({ length: axis.size }, (_, index) => place + index * axis.stride),
            ),
          [offset],
        );
        const file = legacy({ root, keys: ['0'], storages: floats(values) });
        if (places.some((place) => place >= 24)) {
          expect(await outcome(file)).toBe('error');
        } else {
          const weight = (await readBytes(file)).get('w');
          expect([...(weight?.data ?? [])]).toEqual(places);
        }
      }),
      { numRuns: 400 },
    );
  });
});
