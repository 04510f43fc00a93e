/**
 * Pieces: a blob cut into 8 MiB spans, each with a sha256 of its own, so that a transfer can be checked,
 * resumed and repaired span by span and any untrusted source may supply any span.
 */
import { createHash } from 'node:crypto';
import type { Digest } from './digest.js';

/** Bytes of a piece; the last piece of a blob may be shorter. */
export const PIECE_SIZE = 8 * 1024 * 1024;

/** Half-open span of bytes: `start` is in it, `end` is not. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** How many pieces a blob of `size` bytes has; an empty blob has none. */
export function pieceCount(size: number, pieceSize: number = PIECE_SIZE): number {
  return Math.ceil(size / pieceSize);
}

/** The span of piece number `index` in a blob of `size` bytes. */
export function pieceSpan(index: number, size: number, pieceSize: number = PIECE_SIZE): Span {
  const start = index * pieceSize;
  return { start, end: Math.min(start + pieceSize, size) };
}

export interface BlobHashes {
  readonly size: number;
  readonly sha256: Digest;
  /** One digest a piece. Blobs of one piece have none: the blob's own digest says the same. */
  readonly pieces: readonly Digest[];
}

/** Hashes a byte stream whole and piece by piece, in one pass. */
export async function hashPieces(
  stream: AsyncIterable<Uint8Array>,
  pieceSize: number = PIECE_SIZE,
): Promise<BlobHashes> {
  const whole = createHash('sha256');
  let piece = createHash('sha256');
  let inPiece = 0;
  let size = 0;
  const pieces: Digest[] = [];
  for await (const chunk of stream) {
    whole.update(chunk);
    size += chunk.length;
    let offset = 0;
    while (offset < chunk.length) {
      const take = Math.min(pieceSize - inPiece, chunk.length - offset);
      piece.update(chunk.subarray(offset, offset + take));
      inPiece += take;
      offset += take;
      if (inPiece === pieceSize) {
        pieces.push(piece.digest('hex') as Digest); // a hex sha256 by construction
        piece = createHash('sha256');
        inPiece = 0;
      }
    }
  }
  if (inPiece > 0) pieces.push(piece.digest('hex') as Digest); // a hex sha256 by construction
  return { size, sha256: whole.digest('hex') as Digest, pieces: pieces.length > 1 ? pieces : [] };
}
