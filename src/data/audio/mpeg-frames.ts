/**
 * The frames of an MPEG audio stream, walked from header to header: how many there are, and whether the last is whole.
 * Own code: codec-parser, good for the other kinds, mistakes the end of an MP3 file when a tag follows it.
 * @see ISO/IEC 11172-3, 2.4.2.3, and 13818-3; the half rates of "MPEG 2.5" are a convention
 */

/** kbit/s by index 1 to 14, of version 1 layers I, II, III and of version 2 layers I, II and III. */
const BIT_RATES = {
  v1: {
    1: [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
    2: [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
    3: [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  },
  v2: {
    1: [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
    2: [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    3: [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  },
} as const;
const RATES = [44_100, 48_000, 32_000];

export interface MpegHeader {
  readonly channels: number;
  /** Hz. */
  readonly sampleRate: number;
  /** Samples of one channel. */
  readonly samples: number;
  /** Of the whole frame, header included. */
  readonly bytes: number;
}

/** @returns undefined where no header stands at this place, or one of a free bit rate, which nobody writes. */
export function mpegHeader(bytes: Uint8Array, at: number): MpegHeader | undefined {
  const first = bytes[at] ?? 0;
  const second = bytes[at + 1] ?? 0;
  const third = bytes[at + 2] ?? 0;
  if (first !== 0xff || (second & 0xe0) !== 0xe0 || at + 4 > bytes.length) return undefined;
  const version = (second >> 3) & 3; // 3: 1, 2: 2, 0: 2.5
  const layer = 4 - ((second >> 1) & 3);
  const rate = RATES[(third >> 2) & 3];
  if (version === 1 || rate === undefined || (layer !== 1 && layer !== 2 && layer !== 3)) return undefined;
  const bitRate = BIT_RATES[version === 3 ? 'v1' : 'v2'][layer][(third >> 4) - 1];
  if (bitRate === undefined) return undefined;
  const sampleRate = rate / (version === 3 ? 1 : version === 2 ? 2 : 4);
  const samples = layer === 1 ? 384 : layer === 3 && version !== 3 ? 576 : 1152;
  const unit = layer === 1 ? 4 : 1; // what layer I counts in
  const padding = (third >> 1) & 1;
  const size = (Math.floor((samples * bitRate * 125) / sampleRate / unit) + padding) * unit;
  return { channels: (bytes[at + 3] ?? 0) >> 6 === 3 ? 1 : 2, sampleRate, samples, bytes: size };
}

export interface MpegStream {
  readonly channels: number;
  /** Hz. */
  readonly sampleRate: number;
  /** Whole ones. */
  readonly frames: number;
  /** Samples of one channel in whole frames. */
  readonly samples: number;
  readonly firstFrame: Uint8Array;
  /** True where the file ends inside a frame. */
  readonly cut: boolean;
}

/** True where a frame begins and another of its kind follows, or the end. */
function beginsFrame(bytes: Uint8Array, at: number): boolean {
  const header = mpegHeader(bytes, at);
  if (header === undefined) return false;
  const next = at + header.bytes;
  return next === bytes.length || mpegHeader(bytes, next)?.sampleRate === header.sampleRate;
}

/**
 * Bytes between frames, such as tags, are passed over.
 * @returns undefined where there is no frame at all.
 */
export function walkMpegFrames(bytes: Uint8Array): MpegStream | undefined {
  let at = bytes.indexOf(0xff);
  while (at >= 0 && !beginsFrame(bytes, at)) at = bytes.indexOf(0xff, at + 1);
  const first = at < 0 ? undefined : mpegHeader(bytes, at);
  if (first === undefined) return undefined;
  const firstFrame = bytes.subarray(at, at + first.bytes);
  let frames = 0;
  let samples = 0;
  while (at >= 0 && at < bytes.length) {
    const header = mpegHeader(bytes, at);
    if (header?.sampleRate === first.sampleRate) {
      if (at + header.bytes > bytes.length) return { ...first, frames, samples, firstFrame, cut: true };
      frames++;
      samples += header.samples;
      at += header.bytes;
    } else {
      do at = bytes.indexOf(0xff, at + 1);
      while (at >= 0 && !beginsFrame(bytes, at));
    }
  }
  return { ...first, frames, samples, firstFrame, cut: false };
}
