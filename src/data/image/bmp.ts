/**
 * BMP, which `sharp` does not read: 1, 4, 8, 16, 24 and 32 bits, palettes, bit fields, run lengths, rows from below
 * or above, headers of OS/2 1.x up to version 5. (The kept decoders for it get odd widths or palettes wrong.)
 * Layout: "Bitmap Storage" and "BITMAPV5HEADER" of the Windows documentation.
 */
import type { RawImage } from '../dataset.js';
import { overWhite, rawImage } from './raw-image.js';

/** What is wrong with a file, in words that go behind its name. */
export class BadBitmap extends Error {}

export interface BmpSize {
  readonly width: number;
  readonly height: number;
}

interface BmpHeader extends BmpSize {
  readonly topDown: boolean;
  readonly bits: number;
  readonly compression: number;
  /** Where the pixels begin. */
  readonly offset: number;
  /** Red, green, blue, alpha; 0 where there is none. */
  readonly masks: readonly [number, number, number, number];
  /** Blue, green, red, unused; four bytes a colour. */
  readonly palette: Uint8Array;
}

const RGB = 0;
const RLE8 = 1;
const RLE4 = 2;
const BITFIELDS = 3;
const ALPHA_BITFIELDS = 6;
const FILE_HEADER = 14;
const OS2_HEADER = 12;

/** @throws BadBitmap for a header that is cut off. */
export function bmpSize(bytes: Buffer): BmpSize {
  const { width, height } = readHeader(bytes);
  return { width, height };
}

/**
 * @param bytes checked to begin as a BMP, and by `bmpSize` not to be huge.
 * @throws BadBitmap
 */
export function decodeBmp(bytes: Buffer): RawImage {
  const header = readHeader(bytes);
  if (header.compression === RLE4 || header.compression === RLE8) return runLengths(bytes, header);
  return plainRows(bytes, header);
}

function readHeader(bytes: Buffer): BmpHeader {
  if (bytes.length < FILE_HEADER + OS2_HEADER) throw new BadBitmap('is cut off in its header');
  const size = bytes.readUInt32LE(FILE_HEADER);
  const old = size === OS2_HEADER;
  if (bytes.length < FILE_HEADER + size) throw new BadBitmap('is cut off in its header');
  const width = old ? bytes.readUInt16LE(18) : bytes.readInt32LE(18);
  const signedHeight = old ? bytes.readUInt16LE(20) : bytes.readInt32LE(22);
  const bits = bytes.readUInt16LE(old ? 24 : 28);
  const compression = old ? RGB : bytes.readUInt32LE(30);
  const height = Math.abs(signedHeight);
  if (width <= 0 || height === 0) throw new BadBitmap(`says that it is ${width} by ${signedHeight} pixels`);
  checkKind(bits, compression);
  const masks = readMasks(bytes, size, bits, compression);
  // The masks of the oldest header lie behind it, before the palette.
  const behind =
    size === 40 && compression === BITFIELDS ? 12 : size === 40 && compression === ALPHA_BITFIELDS ? 16 : 0;
  return {
    width,
    height,
    topDown: signedHeight < 0,
    bits,
    compression,
    offset: bytes.readUInt32LE(10),
    masks,
    palette: bits > 8 ? new Uint8Array() : readPalette(bytes, FILE_HEADER + size + behind, bits, old),
  };
}

function checkKind(bits: number, compression: number): void {
  const fits =
    (compression === RGB && [1, 4, 8, 16, 24, 32].includes(bits)) ||
    (compression === RLE8 && bits === 8) ||
    (compression === RLE4 && bits === 4) ||
    ((compression === BITFIELDS || compression === ALPHA_BITFIELDS) && (bits === 16 || bits === 32));
  if (!fits)
    throw new BadBitmap(`has ${bits} bits a pixel with compression ${compression}, which is no kind of BMP`);
}

function readMasks(bytes: Buffer, size: number, bits: number, compression: number): BmpHeader['masks'] {
  if (compression === BITFIELDS || compression === ALPHA_BITFIELDS) {
    const hasAlpha = size >= 56 || compression === ALPHA_BITFIELDS;
    if (bytes.length < 54 + (hasAlpha ? 16 : 12)) throw new BadBitmap('is cut off in its header');
    const mask = (at: number) => bytes.readUInt32LE(at);
    return [mask(54), mask(58), mask(62), hasAlpha ? mask(66) : 0];
  }
  return bits === 16 ? [0x7c00, 0x03e0, 0x001f, 0] : [0xff0000, 0xff00, 0xff, 0];
}

function readPalette(bytes: Buffer, at: number, bits: number, old: boolean): Uint8Array {
  const most = 1 << bits;
  const said = old ? 0 : bytes.readUInt32LE(46);
  const colours = said === 0 ? most : Math.min(said, most);
  const width = old ? 3 : 4;
  if (bytes.length < at + colours * width) throw new BadBitmap('is cut off in its palette');
  // Pixels may name colours that a short palette leaves out: those are black.
  const palette = new Uint8Array(most * 4);
  for (let colour = 0; colour < colours; colour++) {
    palette.set(bytes.subarray(at + colour * width, at + colour * width + 3), colour * 4);
  }
  return palette;
}

function plainRows(bytes: Buffer, header: BmpHeader): RawImage {
  const { width, height, bits, offset } = header;
  const stride = Math.ceil((width * bits) / 32) * 4;
  const needed = offset + stride * (height - 1) + Math.ceil((width * bits) / 8);
  if (bytes.length < needed) throw new BadBitmap(`is cut off: ${bytes.length} of ${needed} bytes`);
  const rowAt = (row: number) => offset + stride * (header.topDown ? row : height - 1 - row);
  if (bits > 24 || bits === 16) return maskedRows(bytes, header, rowAt);
  const data = new Uint8Array(width * height * 3);
  for (let row = 0, to = 0; row < height; row++) {
    const from = rowAt(row);
    for (let column = 0; column < width; column++, to += 3) {
      const colours = bits === 24 ? bytes : header.palette;
      const at = bits === 24 ? from + column * 3 : paletteIndex(bytes, from, column, bits) * 4;
      data[to] = colours[at + 2] ?? 0;
      data[to + 1] = colours[at + 1] ?? 0;
      data[to + 2] = colours[at] ?? 0;
    }
  }
  return rawImage(width, height, data);
}

function paletteIndex(bytes: Buffer, from: number, column: number, bits: number): number {
  const perByte = 8 / bits;
  const byte = bytes[from + Math.floor(column / perByte)] ?? 0;
  return (byte >> (8 - bits * ((column % perByte) + 1))) & ((1 << bits) - 1);
}

function maskedRows(bytes: Buffer, header: BmpHeader, rowAt: (row: number) => number): RawImage {
  const { width, height, bits, masks } = header;
  const scales = masks.map(levelsOf);
  const rgba = new Uint8Array(width * height * 4);
  let transparent = true;
  for (let row = 0, to = 0; row < height; row++) {
    const from = rowAt(row);
    for (let column = 0; column < width; column++) {
      const pixel =
        bits === 16 ? bytes.readUInt16LE(from + column * 2) : bytes.readUInt32LE(from + column * 4);
      for (const level of scales) rgba[to++] = level(pixel);
      if (rgba[to - 1] !== 0) transparent = false;
    }
  }
  // Many writers leave the alpha bytes at 0 and mean a picture that is opaque.
  if (masks[3] === 0 || transparent) for (let at = 3; at < rgba.length; at += 4) rgba[at] = 255;
  return rawImage(width, height, overWhite(rgba, width, height));
}

/** Reads the bits under a mask as 0 … 255, rounded down as Pillow does. */
function levelsOf(mask: number): (pixel: number) => number {
  if (mask === 0) return () => 0;
  const shift = 31 - Math.clz32(mask & -mask);
  const highest = mask >>> shift;
  return (pixel) => Math.floor((((pixel & mask) >>> shift) * 255) / highest);
}

/** What the runs don't reach is colour 0. */
function runLengths(bytes: Buffer, header: BmpHeader): RawImage {
  const { width, height, palette } = header;
  const four = header.compression === RLE4;
  const indices = new Uint8Array(width * height);
  let at = header.offset;
  let column = 0;
  let row = 0;
  const next = () => {
    const byte = bytes[at++];
    if (byte === undefined) throw new BadBitmap('is cut off in its pixels');
    return byte;
  };
  const put = (index: number) => {
    // Runs over the edge are cut, as others do.
    if (column < width && row < height) indices[row * width + column] = index;
    column++;
  };
  while (row < height) {
    const count = next();
    const value = next();
    if (count > 0) {
      for (let i = 0; i < count; i++) put(four ? (i % 2 === 0 ? value >> 4 : value & 15) : value);
    } else if (value === 0) {
      column = 0;
      row++;
    } else if (value === 1) {
      break;
    } else if (value === 2) {
      column += next();
      row += next();
    } else {
      const start = at;
      for (let i = 0, byte = 0; i < value; i++) {
        if (!four || i % 2 === 0) byte = next();
        put(four ? (i % 2 === 0 ? byte >> 4 : byte & 15) : byte);
      }
      // Literal runs end on an even byte.
      if ((at - start) % 2 === 1) at++;
    }
  }
  const data = new Uint8Array(width * height * 3);
  for (let y = 0, to = 0; y < height; y++) {
    const from = (header.topDown ? y : height - 1 - y) * width;
    for (let x = 0; x < width; x++, to += 3) {
      const colour = (indices[from + x] ?? 0) * 4;
      data[to] = palette[colour + 2] ?? 0;
      data[to + 1] = palette[colour + 1] ?? 0;
      data[to + 2] = palette[colour] ?? 0;
    }
  }
  return rawImage(width, height, data);
}
