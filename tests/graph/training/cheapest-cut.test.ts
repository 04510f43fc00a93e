import { describe, expect, it } from 'vitest';
import { type CutPlace, cheapestCut } from '../../../src/graph/training/cheapest-cut.js';

type Given = readonly [cost: number, from: string, needed?: boolean];

/** @param given by name: cost, names of what it is computed from, whether somebody needs it. */
function cut(given: Readonly<Record<string, Given>>): string[] | undefined {
  const places = Object.entries(given).map(([name, [cost, from, needed = false]]): [string, CutPlace] => [
    name,
    { cost, needed, from: from === '' ? [] : from.split(' ') },
  ]);
  return cheapestCut(new Map(places))?.sort();
}

const NOT = Number.POSITIVE_INFINITY;

describe('the cheapest cut', () => {
  it('keeps what is needed where nothing cheaper lies before it', () => {
    expect(cut({ a: [4, ''], b: [4, 'a', true] })).toEqual(['b']);
    expect(cut({ a: [4, '', true] })).toEqual(['a']);
    expect(cut({})).toEqual([]);
  });

  it('goes back to what is smaller, over what is larger in between', () => {
    expect(cut({ a: [2, ''], b: [9, 'a'], c: [4, 'b', true] })).toEqual(['a']);
  });

  it('does not keep what can be computed from another that is needed', () => {
    expect(cut({ a: [4, '', true], b: [4, 'a', true], c: [4, 'b', true] })).toEqual(['a']);
  });

  it('keeps one tensor for many, and many small ones for one', () => {
    expect(cut({ a: [5, ''], b: [2, 'a', true], c: [2, 'a', true], d: [2, 'a', true] })).toEqual(['a']);
    expect(cut({ a: [2, ''], b: [2, ''], c: [5, 'a b', true] })).toEqual(['a', 'b']);
    expect(cut({ a: [3, ''], b: [3, ''], c: [5, 'a b', true] })).toEqual(['c']);
  });

  it('weighs ways that share a part', () => {
    // One way for each of what is needed, of which no two are the cheapest alone.
    const shared = { a: [3, ''], b: [3, ''], c: [3, ''], d: [4, 'a b', true], e: [4, 'b c', true] } as const;
    expect(cut(shared)).toEqual(['d', 'e']);
    expect(cut({ ...shared, d: [5, 'a b', true], e: [5, 'b c', true] })).toEqual(['a', 'b', 'c']);
  });

  it('goes around what can not be kept, and finds nothing where it can not', () => {
    expect(cut({ a: [7, ''], b: [NOT, 'a', true] })).toEqual(['a']);
    expect(cut({ a: [NOT, ''], b: [3, 'a', true] })).toEqual(['b']);
    expect(cut({ a: [7, ''], b: [NOT, '', true] })).toBeUndefined();
  });
});
