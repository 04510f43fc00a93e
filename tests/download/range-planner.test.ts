import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RangePlanner } from '../../src/download/range-planner.js';

const shape = fc.record({
  size: fc.integer({ min: 1, max: 500 }),
  pieceSize: fc.integer({ min: 1, max: 64 }),
});

describe('next', () => {
  it('begins at the lowest missing byte, ends at a border of pieces, and merges at most so many', () => {
    fc.assert(
      fc.property(
        shape,
        fc.array(fc.nat(40)),
        fc.integer({ min: 1, max: 5 }),
        ({ size, pieceSize }, kept, most) => {
          const planner = new RangePlanner(size, pieceSize);
          for (const piece of kept) if (piece < planner.pieces) planner.keep(piece);
          const span = planner.next(most);
          const firstMissing = Array.from({ length: planner.pieces }, (_, i) => i).find(
            (i) => !kept.includes(i),
          );
          if (firstMissing === undefined) {
            expect(span).toBeUndefined();
            return;
          }
          if (span === undefined) throw new Error('there is something to do');
          expect(span.start).toBe(firstMissing * pieceSize);
          expect(span.end === size || span.end % pieceSize === 0).toBe(true);
          expect(span.end - span.start).toBeLessThanOrEqual(most * pieceSize);
          for (let at = span.start; at < span.end; at++) {
            expect(kept).not.toContain(Math.floor(at / pieceSize));
          }
        },
      ),
    );
  });

  it('leaves out pieces that must come from elsewhere', () => {
    const planner = new RangePlanner(100, 10);
    const notTwo = (piece: number) => piece !== 2;
    expect(planner.next(5, notTwo)).toEqual({ start: 0, end: 20 });
    planner.assign(1, { start: 0, end: 20 });
    expect(planner.next(5, notTwo)).toEqual({ start: 30, end: 80 });
  });

  it('goes on in the middle of a piece that broke off', () => {
    const planner = new RangePlanner(100, 50);
    planner.assign(1, { start: 0, end: 50 });
    planner.claim(1, { start: 0, end: 20 });
    expect(planner.next(1)).toEqual({ start: 50, end: 100 });
    planner.release(1);
    expect(planner.next(1)).toEqual({ start: 20, end: 50 });
  });
});

describe('raceSpan', () => {
  it('is the second half of what is left, or all of it when the connection is silent', () => {
    const planner = new RangePlanner(100, 100);
    planner.assign(1, { start: 0, end: 100 });
    planner.claim(1, { start: 0, end: 40 });
    expect(planner.raceSpan(1, false)).toEqual({ start: 70, end: 100 });
    expect(planner.raceSpan(1, true)).toEqual({ start: 40, end: 100 });
    planner.assign(2, { start: 70, end: 100 });
    planner.claim(2, { start: 70, end: 80 });
    planner.claim(1, { start: 40, end: 69 });
    expect(planner.isOvertaken(1)).toBe(false);
    expect(planner.claim(1, { start: 69, end: 75 })).toEqual([{ start: 69, end: 70 }]);
    expect(planner.isOvertaken(1)).toBe(true);
    expect(planner.isOvertaken(2)).toBe(false);
  });
});

/**
 * Many connections in any order, breaking, racing, delivering wrong pieces: however it goes, each byte is written by
 * one connection only, every piece is reported complete exactly once a delivery, and the file ends whole.
 */
it('covers every byte exactly once whatever the connections do', () => {
  fc.assert(
    fc.property(
      shape,
      fc.infiniteStream(fc.nat(1_000_000)),
      fc.integer({ min: 1, max: 6 }),
      ({ size, pieceSize }, stream, connections) => {
        const planner = new RangePlanner(size, pieceSize);
        const draw = (below: number): number => Number(stream.next().value) % below;
        const active = new Set<number>();
        const writes: { start: number; end: number }[] = [];
        const writtenBy = new Uint8Array(size);
        const complete = new Uint8Array(planner.pieces);
        let wrongLeft = 5;
        let next = 0;
        const settle = () => {
          for (const span of writes.splice(0, draw(writes.length + 1))) {
            for (const piece of planner.written(span)) {
              expect(complete[piece]).toBe(0);
              const { start, end } = planner.span(piece);
              expect(writtenBy.subarray(start, end).every((count) => count === 1)).toBe(true);
              complete[piece] = 1;
              if (wrongLeft > 0 && draw(10) === 0) {
                wrongLeft--;
                complete[piece] = 0;
                writtenBy.fill(0, start, end);
                planner.drop(piece);
              }
            }
          }
        };
        for (let step = 0; step < 20_000 && complete.includes(0); step++) {
          if (active.size < connections) {
            const span =
              planner.next(1 + draw(4)) ??
              [...active].map((id) => planner.raceSpan(id, draw(2) === 0)).find((found) => found);
            if (span !== undefined) {
              planner.assign(++next, span);
              active.add(next);
            }
          }
          for (const id of active) {
            const rest = planner.rest(id);
            if (rest === undefined || rest.start >= rest.end || planner.isOvertaken(id) || draw(12) === 0) {
              planner.release(id);
              active.delete(id);
              continue;
            }
            const end = Math.min(rest.end, rest.start + 1 + draw(20));
            for (const part of planner.claim(id, { start: rest.start, end })) {
              for (let at = part.start; at < part.end; at++) writtenBy[at] = (writtenBy[at] ?? 0) + 1;
              writes.push(part);
            }
          }
          settle();
        }
        expect(complete.every((done) => done === 1)).toBe(true);
        expect(planner.missing).toBe(0);
      },
    ),
    { numRuns: 100 },
  );
});
