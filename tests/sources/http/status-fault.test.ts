import fc from 'fast-check';
import { expect, it } from 'vitest';
import { retryAfterMs } from '../../../src/sources/http/status-fault.js';

const NOW = Date.parse('Wed, 21 Oct 2026 07:28:00 GMT');

it.each([
  ['0', 0],
  ['120', 120_000],
  [' 7 ', 7_000],
  ['Wed, 21 Oct 2026 07:28:30 GMT', 30_000],
  ['Wednesday, 21-Oct-26 07:28:30 GMT', 30_000],
  ['Wed, 21 Oct 2026 07:27:00 GMT', 0],
])('reads %j as %i ms', (text, ms) => {
  expect(retryAfterMs(text, NOW)).toBe(ms);
});

it.each([[undefined], [''], ['soon'], ['-5'], ['1.5'], ['1e3'], ['2026-10-21'], ['99999999999']])(
  'does not believe %j',
  (text) => {
    expect(retryAfterMs(text, NOW)).toBeUndefined();
  },
);

it('is never negative or not a number, whatever a server says', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const ms = retryAfterMs(text, NOW);
      expect(ms === undefined || ms >= 0).toBe(true);
    }),
  );
});
