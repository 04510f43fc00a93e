/** FLAC to samples, exactly: a 16-bit value v is v / 32768. */
import type { CodecFrame, FLACHeader } from 'codec-parser';
import type { RawAudio } from '../dataset.js';
import { id3Length } from './audio-kind.js';
import { type AudioLimits, checkExtent, unreadableAudio } from './audio-limits.js';
import { optionalDecoder, strictly, withDecoder } from './optional-decoders.js';

/**
 * Samples of one channel as the STREAMINFO block declares, 0 where its writer didn't know.
 * @see RFC 9639, section 8.2
 */
function declaredSamples(bytes: Uint8Array, name: string): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 42 || (view.getUint8(4) & 0x7f) !== 0) {
    throw unreadableAudio(name, 'its first block is not STREAMINFO');
  }
  return (view.getUint8(21) & 0x0f) * 2 ** 32 + view.getUint32(22);
}

/**
 * The decoder divides by the greatest positive value, 32767 for 16 bits; the stored integers, which single precision
 * holds up to 24 bits, are found again and divided by 32768.
 */
function rescaled(samples: Float32Array, bitDepth: number): Float32Array {
  const full = 2 ** (bitDepth - 1);
  return samples.map((sample) => Math.round(sample * (full - 1)) / full);
}

/**
 * Decodes frames that a parser has cut out.
 * @param expected samples of one channel, 0 where unknown.
 */
export async function decodeFlacFrames(
  frames: readonly CodecFrame[],
  expected: number,
  name: string,
  limits: AudioLimits,
): Promise<RawAudio> {
  const first = frames[0];
  if (first === undefined) throw unreadableAudio(name, 'it has no FLAC frames');
  const { channels, sampleRate, bitDepth } = first.header as FLACHeader; // the parser was told that this is FLAC
  if (frames.some(({ header }) => header.channels !== channels || header.sampleRate !== sampleRate)) {
    throw unreadableAudio(name, 'its format changes in between');
  }
  const samples = frames.reduce((sum, frame) => sum + frame.samples, 0);
  checkExtent(name, { channels, sampleRate, samples }, limits);
  if (expected !== 0 && samples !== expected) {
    throw unreadableAudio(name, samples < expected ? 'it is cut short or damaged' : 'its sizes contradict', {
      expected: `${expected} samples a channel`,
      found: samples,
    });
  }
  const { FLACDecoder } = await optionalDecoder('@wasm-audio-decoders/flac', name);
  const decoded = await withDecoder(new FLACDecoder(), (decoder) =>
    strictly(name, () => decoder.decodeFrames(frames.map(({ data }) => data))),
  );
  if (decoded.samplesDecoded !== samples || decoded.channelData.length !== channels) {
    throw unreadableAudio(name, `its ${bitDepth}-bit frames are damaged`, {
      expected: `${samples} samples in ${channels} channels`,
      found: `${decoded.samplesDecoded} in ${decoded.channelData.length}`,
    });
  }
  return { kind: 'audio', sampleRate, channels: decoded.channelData.map((data) => rescaled(data, bitDepth)) };
}

/** @throws ZooError `DATA` for a file that is malformed, damaged, cut short or too long. */
export async function decodeFlac(bytes: Uint8Array, name: string, limits: AudioLimits): Promise<RawAudio> {
  const stream = bytes.subarray(id3Length(bytes));
  const expected = declaredSamples(stream, name);
  const { default: CodecParser } = await optionalDecoder('codec-parser', name);
  const parser = new CodecParser<CodecFrame>('audio/flac', { enableFrameCRC32: false });
  const frames = await strictly(name, () => [...parser.parseAll(stream)]);
  return decodeFlacFrames(frames, expected, name, limits);
}
