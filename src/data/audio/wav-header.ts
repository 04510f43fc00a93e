/**
 * What a WAV file says of itself, checked against what is there. Own code, because the libraries for it either
 * scale positive and negative samples differently or believe every size that a file declares.
 * @see Multimedia Programming Interface and Data Specifications 1.0 (RIFF), EBU Tech 3306 (RF64)
 */
import { unreadableAudio } from './audio-limits.js';

export interface WavHeader {
  readonly encoding: 'integer' | 'float' | 'a-law' | 'mu-law';
  /** Of one sample of one channel as stored: 1, 2, 3, 4 or 8. */
  readonly sampleBytes: number;
  readonly channels: number;
  /** Hz. */
  readonly sampleRate: number;
  readonly dataStart: number;
  /** Samples of one channel. */
  readonly samples: number;
}

const ENCODINGS: Readonly<Record<number, { encoding: WavHeader['encoding']; bytes: readonly number[] }>> = {
  1: { encoding: 'integer', bytes: [1, 2, 3, 4] },
  3: { encoding: 'float', bytes: [4, 8] },
  6: { encoding: 'a-law', bytes: [1] },
  7: { encoding: 'mu-law', bytes: [1] },
};
const EXTENSIBLE = 0xfffe;
/** What follows the encoding's number in the sub-format of an extensible header. */
const SUB_FORMAT = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];
/** The size of a chunk whose writer could not go back to fill it in, and of those that RF64 gives elsewhere. */
const UNKNOWN_SIZE = 0xffffffff;

type Format = Pick<WavHeader, 'encoding' | 'sampleBytes' | 'channels' | 'sampleRate'>;

function readFormat(view: DataView, name: string): Format {
  if (view.byteLength < 16) throw unreadableAudio(name, 'its format chunk is too short');
  let tag = view.getUint16(0, true);
  const channels = view.getUint16(2, true);
  const blockBytes = view.getUint16(12, true);
  const bits = view.getUint16(14, true);
  if (tag === EXTENSIBLE) {
    if (view.byteLength < 40 || SUB_FORMAT.some((byte, index) => view.getUint8(26 + index) !== byte)) {
      throw unreadableAudio(name, 'its extensible format chunk is malformed');
    }
    tag = view.getUint16(24, true);
  }
  const known = ENCODINGS[tag];
  if (known === undefined) {
    throw unreadableAudio(name, `its encoding (0x${tag.toString(16)}) is not one of those read here`, {
      expected: 'PCM, floating point, A-law or mu-law',
      hint: 'Convert it to 16-bit PCM or to FLAC.',
    });
  }
  const sampleBytes = blockBytes / channels;
  // 12 bits, say, are stored in two bytes, at their upper end.
  if (!known.bytes.includes(sampleBytes) || Math.ceil(bits / 8) !== sampleBytes) {
    throw unreadableAudio(name, 'its sample size makes no sense', {
      expected: `${known.encoding} samples of ${known.bytes.join(', ')} bytes`,
      found: `${blockBytes} bytes for ${channels} channels of ${bits} bits`,
    });
  }
  return { encoding: known.encoding, sampleBytes, channels, sampleRate: view.getUint32(4, true) };
}

/** @throws ZooError `DATA` for a header that is malformed, cut short, or declares more than there is. */
export function readWavHeader(bytes: Uint8Array, name: string): WavHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let format: Format | undefined;
  let longDataSize: number | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const id = String.fromCharCode(...bytes.subarray(at, at + 4));
    const start = at + 8;
    const left = bytes.length - start;
    let size = view.getUint32(at + 4, true);
    if (id === 'data') {
      if (format === undefined) throw unreadableAudio(name, 'its format chunk is missing');
      if (size === UNKNOWN_SIZE) size = longDataSize ?? left;
      if (size > left) {
        throw unreadableAudio(name, 'it is cut short', {
          expected: `${size} bytes of samples`,
          found: `${left} bytes`,
        });
      }
      const samples = Math.floor(size / (format.sampleBytes * format.channels));
      return { ...format, dataStart: start, samples };
    }
    if (size > left) throw unreadableAudio(name, `its chunk ${JSON.stringify(id)} is cut short`);
    if (id === 'fmt ') format = readFormat(new DataView(bytes.buffer, bytes.byteOffset + start, size), name);
    if (id === 'ds64' && size >= 16) longDataSize = Number(view.getBigUint64(start + 8, true));
    at = start + size + (size % 2); // chunks begin at even places
  }
  throw unreadableAudio(name, 'it has no samples chunk');
}
