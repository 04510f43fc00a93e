import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SpanSet } from '../../src/download/span-set.js';

const SIZE = 60;
const span = fc
  .tuple(fc.nat(SIZE), fc.nat(SIZE))
  .map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) }));
const operations = fc.array(fc.record({ add: fc.boolean(), span }), { maxLength: 40 });

it('holds what a plain array of bytes holds', () => {
  fc.assert(
    fc.property(operations, span, (steps, probe) => {
      const set = new SpanSet();
      const model = new Array<boolean>(SIZE).fill(false);
      for (const { add, span: changed } of steps) {
        if (add) set.add(changed);
        else set.delete(changed);
        model.fill(add, changed.start, changed.end);
      }
      expect(set.bytes).toBe(model.filter(Boolean).length);
      const inProbe = model.slice(probe.start, probe.end);
      expect(set.covers(probe)).toBe(inProbe.every(Boolean));
      const gaps = set.gaps(probe);
      const missing = gaps.flatMap(({ start, end }) =>
        Array.from({ length: end - start }, (_, i) => start + i),
      );
      expect(missing).toEqual(inProbe.flatMap((has, i) => (has ? [] : [probe.start + i])));
      const spans = set.spans();
      // Sorted, not empty, and not touching: merged as far as possible.
      for (const [index, { start, end }] of spans.entries()) {
        expect(end).toBeGreaterThan(start);
        expect(start).toBeGreaterThan(spans[index - 1]?.end ?? -1);
      }
    }),
  );
});
