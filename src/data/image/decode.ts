/** Picture files to pixels: whatever the file holds becomes upright RGB of 8 bits. */
import { basename } from 'node:path';
import type { Metadata } from 'sharp';
import { ZooError } from '../../core/errors.js';
import { tf } from '../../runtime/tensorflow.js';
import type { RawImage } from '../dataset.js';
import { readWholeFile, tooLarge } from '../read-whole-file.js';
import { BadBitmap, bmpSize, decodeBmp } from './bmp.js';
import { IMAGE_HEAD, type ImageKind, imageKind } from './image-kind.js';
import { loadSharp } from './load-sharp.js';
import { orient } from './orient.js';
import { rawImage } from './raw-image.js';

export interface DecodeImageOptions {
  readonly signal?: AbortSignal | undefined;
  /** Named in errors when the source is bytes. */
  readonly name?: string | undefined;
  /**
   * `tensorflow` takes the decoder that Python's TensorFlow uses, for JPEG, PNG, BMP and GIF, where a comparison with
   * it must not differ by a level: alpha is dropped there, not laid on white. It runs in the calling thread. Default
   * `sharp`.
   */
  readonly decoder?: 'sharp' | 'tensorflow' | undefined;
  /** Default 100 million: 300 MB decoded. */
  readonly maxPixels?: number | undefined;
  /** Bytes of the file. Default 256 MiB. */
  readonly maxBytes?: number | undefined;
}

const MAX_PIXELS = 100_000_000;
const MAX_BYTES = 256 * 2 ** 20;

const KINDS = 'JPEG, PNG, WebP, GIF, BMP, TIFF or AVIF';
const TENSORFLOW_KINDS: readonly ImageKind[] = ['jpeg', 'png', 'bmp', 'gif'];

/**
 * Decodes JPEG, PNG, WebP, GIF (the first frame), BMP, TIFF (the first page) and AVIF.
 *
 * The picture is turned as its EXIF data says; alpha is laid on white; 16 bits become 8 by dropping the lower ones;
 * CMYK goes through its colour profile, or a usual one, to sRGB. Other colour profiles are ignored, as Pillow,
 * torchvision and TensorFlow do, since that is what the networks were trained with.
 * @param source a path, or the bytes of a file.
 * @throws ZooError `DATA`, naming the file, when it is no such picture, broken, cut off or larger than the limits;
 *   `NOT_FOUND` when there is no such file; `NO_RUNTIME` where `sharp` is not installed.
 */
export async function decodeImage(
  source: string | Uint8Array,
  options: DecodeImageOptions = {},
): Promise<RawImage> {
  const { signal, maxPixels = MAX_PIXELS, maxBytes = MAX_BYTES } = options;
  signal?.throwIfAborted();
  const name = options.name ?? (typeof source === 'string' ? source : 'the picture');
  const bytes = typeof source === 'string' ? await readWholeFile(source, maxBytes, signal) : asBuffer(source);
  if (bytes.length > maxBytes) throw tooLarge(name, bytes.length, maxBytes);
  const kind = imageKind(bytes.subarray(0, IMAGE_HEAD));
  if (kind === undefined) throw notAPicture(name, bytes);
  const checkSize = (width: number, height: number) => {
    if (width * height > maxPixels) throw tooManyPixels(name, width, height, maxPixels);
  };
  try {
    if (options.decoder === 'tensorflow') return await withTensorFlow(bytes, kind, name, checkSize);
    if (kind !== 'bmp') return await withSharp(bytes, kind, checkSize, maxPixels);
    const { width, height } = bmpSize(bytes);
    checkSize(width, height);
    return decodeBmp(bytes);
  } catch (error) {
    throw error instanceof ZooError ? error : broken(name, kind, error);
  } finally {
    signal?.throwIfAborted();
  }
}

async function withSharp(
  bytes: Buffer,
  kind: ImageKind,
  checkSize: (width: number, height: number) => void,
  maxPixels: number,
): Promise<RawImage> {
  const sharp = await loadSharp();
  const header = await sharp(bytes, { limitInputPixels: false }).metadata();
  checkSize(header.width, header.height);
  checkDepth(header, kind);
  const { data, info } = await sharp(bytes, {
    limitInputPixels: maxPixels,
    failOn: 'error',
    ignoreIcc: header.space !== 'cmyk',
    sequentialRead: true,
  })
    .autoOrient()
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  // A plain array: `slice` of a Buffer shares memory, which nobody expects here.
  return rawImage(info.width, info.height, new Uint8Array(data.buffer, data.byteOffset, data.length));
}

/** Samples that have no agreed black and white would come out as noise or darkness. */
function checkDepth(header: Metadata, kind: ImageKind): void {
  if (header.depth === undefined || header.depth === 'uchar' || header.depth === 'ushort') return;
  if (kind === 'tiff' && header.bitsPerSample !== undefined && header.bitsPerSample < 8) return;
  throw new Error(`its samples are of type ${header.depth}; only 8 and 16 bits without sign are pictures`);
}

async function withTensorFlow(
  bytes: Buffer,
  kind: ImageKind,
  name: string,
  checkSize: (width: number, height: number) => void,
): Promise<RawImage> {
  if (!TENSORFLOW_KINDS.includes(kind)) {
    throw new ZooError('USAGE', `TensorFlow's decoder does not read ${kind}: ${basename(name)}`, {
      expected: 'JPEG, PNG, BMP or GIF',
      hint: 'Leave the decoder at its default.',
    });
  }
  let orientation = 1;
  if (kind === 'bmp') {
    const { width, height } = bmpSize(bytes);
    checkSize(width, height);
  } else {
    const header = await (await loadSharp())(bytes, { limitInputPixels: false }).metadata();
    checkSize(header.width, header.height);
    orientation = header.orientation ?? 1;
  }
  const pixels = tf.tidy(() => tf.node.decodeImage(bytes, 3, 'int32', false));
  try {
    const [height = 0, width = 0] = pixels.shape;
    return orient(rawImage(width, height, Uint8Array.from(await pixels.data())), orientation);
  } finally {
    pixels.dispose();
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function notAPicture(name: string, bytes: Buffer): ZooError {
  const head = bytes.subarray(0, 12).toString('latin1');
  return new ZooError('DATA', `${name} is not a picture that can be read`, {
    expected: KINDS,
    found: bytes.length === 0 ? 'an empty file' : `a file that begins with ${JSON.stringify(head)}`,
    hint: /^.{4}ftyp(hei|hev|mif)/s.test(head)
      ? 'This looks like HEIC: save it as JPEG or AVIF.'
      : 'Files are told by their content, whatever their names are.',
  });
}

function broken(name: string, kind: ImageKind, cause: unknown): ZooError {
  const found = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
  return new ZooError('DATA', `${name} is broken or cut off`, {
    expected: `a whole ${kind.toUpperCase()} file`,
    found: cause instanceof BadBitmap ? `a file that ${found}` : found,
    hint: 'Replace the file, or allow a share of the files to be unreadable.',
    cause,
  });
}

function tooManyPixels(name: string, width: number, height: number, most: number): ZooError {
  return new ZooError('DATA', `${name} has too many pixels`, {
    expected: `at most ${most}`,
    found: `${width} x ${height}`,
    hint: 'Make the picture smaller: networks see a few hundred pixels a side.',
  });
}
