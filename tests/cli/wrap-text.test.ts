import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wrapText } from '../../src/cli/wrap-text.js';

describe('wrapText', () => {
  it('breaks between words, indents what follows and loses nothing', () => {
    const words = fc.array(fc.stringMatching(/^[a-z.,:/]{1,30}$/), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(
        words,
        fc.integer({ min: 40, max: 120 }),
        fc.integer({ min: 0, max: 14 }),
        (list, width, indent) => {
          const lines = wrapText(list.join(' '), width, indent).split('\n');
          expect(lines.join(' ').split(/\s+/).filter(Boolean)).toEqual(list);
          for (const [index, line] of lines.entries()) {
            if (index === 0) expect(line.length + indent).toBeLessThanOrEqual(Math.max(width, indent + 30));
            else {
              expect(line.startsWith(' '.repeat(indent))).toBe(true);
              expect(line.length).toBeLessThanOrEqual(Math.max(width, indent + 30));
            }
          }
        },
      ),
    );
  });

  it('leaves a word that is too long whole, and everything where there is no width', () => {
    const digest = 'f'.repeat(64);
    expect(wrapText(`sha256 ${digest}`, 40)).toBe(`sha256\n${digest}`);
    expect(wrapText('a b '.repeat(500).trim(), Number.POSITIVE_INFINITY)).not.toContain('\n');
  });
});
