import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { type Column, fitColumns, renderTable } from '../../src/cli/table.js';
import { openTerminal, type Terminal } from '../../src/cli/terminal.js';

const GAP = 2;

function terminalOf(width: number): Terminal {
  return { ...openTerminal({ NO_COLOR: '1' }), width };
}

const column = fc.record(
  {
    title: fc.stringMatching(/^[A-Z]{1,8}$/),
    align: fc.constantFrom('left' as const, 'right' as const),
    flexible: fc.boolean(),
    minimum: fc.integer({ min: 1, max: 30 }),
  },
  { requiredKeys: ['title'] },
);

const floorOf = (column: Column, needed: number) =>
  Math.min(needed, column.minimum ?? (column.flexible ? 12 : 6));

describe('fitColumns', () => {
  it('fits the width wherever the least widths do, and never goes below them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(column, fc.integer({ min: 1, max: 200 })), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 20, max: 250 }),
        (pairs, width) => {
          const columns = pairs.map(([one]) => one);
          const needed = pairs.map(([, size]) => size);
          const widths = fitColumns(needed, columns, width);
          const total = widths.reduce((sum, value) => sum + value, GAP * (widths.length - 1));
          const least = columns.reduce(
            (sum, one, index) => sum + floorOf(one, needed[index] ?? 0),
            GAP * (columns.length - 1),
          );
          expect(total).toBeLessThanOrEqual(Math.max(width, least));
          for (const [index, one] of columns.entries()) {
            expect(widths[index]).toBeLessThanOrEqual(needed[index] ?? 0);
            expect(widths[index]).toBeGreaterThanOrEqual(floorOf(one, needed[index] ?? 0));
          }
          // What fits anyway is left alone.
          const asked = needed.reduce((sum, value) => sum + value, GAP * (needed.length - 1));
          if (asked <= width) expect(widths).toEqual(needed);
          // Others give way only when the flexible ones can't any more.
          const othersShrunk = columns.some((one, index) => !one.flexible && widths[index] !== needed[index]);
          if (othersShrunk) {
            for (const [index, one] of columns.entries()) {
              if (one.flexible) expect(widths[index]).toBe(floorOf(one, needed[index] ?? 0));
            }
          }
        },
      ),
    );
  });
});

describe('renderTable', () => {
  const columns: Column[] = [
    { title: 'NAME', minimum: 20 },
    { title: 'SIZE', align: 'right' },
    { title: 'SUMMARY', flexible: true },
  ];

  it('cuts with an ellipsis to the width of the terminal, whatever the cells', () => {
    const cell = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 120 }),
      fc.stringMatching(/^[a-z ]{0,120}$/),
      fc.constant('模型'.repeat(40)),
    );
    const row = fc.tuple(fc.stringMatching(/^[a-z-]{1,40}$/), fc.stringMatching(/^\d{1,5} kB$/), cell);
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 10 }), (rows) => {
        const clean = rows.map(([name, size, text]) => [name, size, text.replace(/\p{Cc}/gu, '')]);
        for (const line of renderTable(columns, clean, terminalOf(80)).split('\n')) {
          expect(stringWidth(line), line).toBeLessThanOrEqual(80);
        }
      }),
    );
  });

  it('keeps whole values in a pipe and aligns numbers', () => {
    const long = 'word '.repeat(40).trim();
    const text = renderTable(
      columns,
      [
        ['a', '9 kB', long],
        ['bcd', '120 kB', 'short'],
      ],
      terminalOf(400),
    );
    expect(text.split('\n')).toEqual([
      'NAME    SIZE  SUMMARY',
      `a       9 kB  ${long}`,
      'bcd   120 kB  short',
    ]);
  });
});
