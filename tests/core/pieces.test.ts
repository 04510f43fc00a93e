import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/digest.js';
import { hashPieces, pieceCount, pieceSpan } from '../../src/core/pieces.js';

async function* chunked(bytes: Uint8Array, sizes: readonly number[]) {
  let offset = 0;
  for (let index = 0; offset < bytes.length; index++) {
    const end = offset + (sizes[index % sizes.length] ?? 1);
    yield bytes.subarray(offset, end);
    offset = end;
  }
}

describe('pieces', () => {
  it('cover the blob without gap or overlap', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.integer({ min: 1, max: 64 }), (size, pieceSize) => {
        let next = 0;
        for (let index = 0; index < pieceCount(size, pieceSize); index++) {
          const span = pieceSpan(index, size, pieceSize);
          expect(span.start).toBe(next);
          expect(span.end).toBeGreaterThan(span.start);
          next = span.end;
        }
        expect(next).toBe(size);
      }),
    );
  });

  it('hash the same however the bytes arrive', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 300 }),
        fc.integer({ min: 1, max: 64 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 }),
        async (bytes, pieceSize, sizes) => {
          const hashes = await hashPieces(chunked(bytes, sizes), pieceSize);
          const count = pieceCount(bytes.length, pieceSize);
          const expected = Array.from({ length: count }, (_, index) => {
            const span = pieceSpan(index, bytes.length, pieceSize);
            return sha256(bytes.subarray(span.start, span.end));
          });
          expect(hashes.size).toBe(bytes.length);
          expect(hashes.sha256).toBe(sha256(bytes));
          expect(hashes.pieces).toEqual(count > 1 ? expected : []);
        },
      ),
    );
  });
});
