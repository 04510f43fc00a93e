/** Numbers of threads, as people write them. */
import { expect, it } from 'vitest';
import { parseThreads } from '../../src/runtime/threads.js';
import { thrownBy } from '../support/thrown-by.js';

it.each([
  ['1', 1],
  [12, 12],
  ['1024', 1024],
  ['', undefined],
  [undefined, undefined],
])('%j is %j', (value, threads) => {
  expect(parseThreads(value)).toBe(threads);
});

it.each(['0', '-1', '1025', '2.5', 'all', 'NaN', Number.NaN, Number.POSITIVE_INFINITY])(
  '%j is none',
  async (value) => {
    const error = await thrownBy(() => parseThreads(value));
    expect(error).toMatchObject({
      code: 'USAGE',
      found: String(value),
      expected: 'a whole number from 1 to 1024',
    });
  },
);
