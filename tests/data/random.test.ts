import { describe, expect, it } from 'vitest';
import { Random, splitMix64 } from '../../src/data/random.js';
import { thrownBy } from '../support/thrown-by.js';

const take = <T>(count: number, draw: () => T): T[] => Array.from({ length: count }, draw);

describe('the generator', () => {
  it('gives the numbers of the reference program of xoshiro128** 1.1', () => {
    const random = Random.fromState([1, 2, 3, 4]);
    expect(take(10, () => random.uint32())).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
    expect(random.state()).toEqual([939045227, 1864939416, 1451579149, 2199351389]);
  });

  it('takes its state from the numbers that SplitMix64 is published with', () => {
    const numbers = splitMix64(1234567n);
    expect(take(5, () => numbers.next().value)).toEqual([
      6457827717110365317n,
      3203168211198807973n,
      9817491932198370423n,
      4593380528125082431n,
      16408922859458223821n,
    ]);
    // Words of the first two, the lower one first.
    expect(Random.seeded(1234567).state()).toEqual([
      Number(6457827717110365317n & 0xffffffffn),
      Number(6457827717110365317n >> 32n),
      Number(3203168211198807973n & 0xffffffffn),
      Number(3203168211198807973n >> 32n),
    ]);
  });

  it('goes on from a saved state, also between normal draws', () => {
    const random = Random.seeded(5);
    random.normal();
    const copy = Random.fromState(random.state());
    expect(take(20, () => copy.normal())).toEqual(take(20, () => random.normal()));
  });

  it('gives each purpose its own numbers, and the same ones each time', () => {
    const first = (purpose?: string, seed = 1) => Random.seeded(seed, purpose).uint32();
    expect(first('split')).toBe(first('split'));
    expect(
      new Set([first(), first('split'), first('folds'), first('split', 2), first('split', 11)]).size,
    ).toBe(5);
  });

  it('draws evenly below a bound that does not divide 2^32, and normally', () => {
    const random = Random.seeded(7);
    const even = new Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i++) {
      const draw = random.below(7);
      even[draw] = (even[draw] ?? 0) + 1;
    }
    // Chi-squared with 6 degrees of freedom: 22.5 is passed once in a thousand seeds; this one is fixed.
    expect(even.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)).toBeLessThan(22.5);
    const normals = take(50_000, () => random.normal());
    const mean = normals.reduce((sum, value) => sum + value, 0) / normals.length;
    const variance = normals.reduce((sum, value) => sum + (value - mean) ** 2, 0) / normals.length;
    const fourth =
      normals.reduce((sum, value) => sum + (value - mean) ** 4, 0) / normals.length / variance ** 2;
    expect(Math.abs(mean)).toBeLessThan(0.02);
    expect(Math.abs(variance - 1)).toBeLessThan(0.03);
    expect(Math.abs(fourth - 3)).toBeLessThan(0.15);
  });

  it('shuffles each order equally often', () => {
    const random = Random.seeded(3);
    const counts = new Map<string, number>();
    for (let i = 0; i < 24_000; i++) {
      const order = random.shuffled('abcd').join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    // 23 degrees of freedom, one in a thousand.
    expect(
      Array.from(counts.values()).reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0),
    ).toBeLessThan(49.7);
  });

  it('refuses seeds that are no whole numbers', async () => {
    for (const seed of [-1, 0.5, Number.NaN, 2 ** 60]) {
      expect((await thrownBy(() => Random.seeded(seed))).code).toBe('USAGE');
    }
  });
});
