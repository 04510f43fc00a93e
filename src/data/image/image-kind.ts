/** Tells image files by their first bytes, never by their names. */

export type ImageKind = 'jpeg' | 'png' | 'webp' | 'gif' | 'bmp' | 'tiff' | 'avif';

/** Bytes that `imageKind` looks at. */
export const IMAGE_HEAD = 64;

/** AVIF by its major or compatible brands; other HEIF brands need codecs that aren't free. */
const AVIF_BRANDS = ['avif', 'avis'];

export function imageKind(head: Uint8Array): ImageKind | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, IMAGE_HEAD));
  const text = (start: number, end: number) => bytes.toString('latin1', start, end);
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return 'jpeg';
  if (text(0, 8) === '\x89PNG\r\n\x1a\n') return 'png';
  if (text(0, 4) === 'RIFF' && text(8, 12) === 'WEBP') return 'webp';
  if (text(0, 6) === 'GIF87a' || text(0, 6) === 'GIF89a') return 'gif';
  if (['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].includes(text(0, 4))) return 'tiff';
  if (text(4, 8) === 'ftyp') return isAvif(bytes) ? 'avif' : undefined;
  // Two letters are little; the header behind them has one of few sizes.
  if (text(0, 2) === 'BM' && bytes.length >= 18 && BMP_HEADERS.has(bytes.readUInt32LE(14))) return 'bmp';
  return undefined;
}

const BMP_HEADERS = new Set([12, 16, 40, 52, 56, 64, 108, 124]);

function isAvif(bytes: Buffer): boolean {
  const end = Math.min(bytes.readUInt32BE(0), bytes.length);
  for (let at = 8; at + 4 <= end; at += 4) {
    if (AVIF_BRANDS.includes(bytes.toString('latin1', at, at + 4))) return true;
  }
  return false;
}
