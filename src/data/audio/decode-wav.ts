/** WAV to samples, exactly: a 16-bit value v is v / 32768, and so for the other sizes. */
import type { RawAudio } from '../dataset.js';
import { type AudioLimits, checkExtent, unreadableAudio } from './audio-limits.js';
import { A_LAW, MU_LAW } from './companding.js';
import { readWavHeader, type WavHeader } from './wav-header.js';

type ReadSample = (view: DataView, at: number) => number;

function sampleReader({ encoding, sampleBytes }: WavHeader): ReadSample {
  if (encoding === 'a-law') return (view, at) => A_LAW[view.getUint8(at)] ?? 0;
  if (encoding === 'mu-law') return (view, at) => MU_LAW[view.getUint8(at)] ?? 0;
  if (encoding === 'float') {
    return sampleBytes === 4
      ? (view, at) => view.getFloat32(at, true)
      : (view, at) => view.getFloat64(at, true);
  }
  switch (sampleBytes) {
    case 1:
      return (view, at) => (view.getUint8(at) - 128) / 128; // the one size without a sign
    case 2:
      return (view, at) => view.getInt16(at, true) / 2 ** 15;
    case 3:
      return (view, at) => (view.getUint16(at, true) + view.getInt8(at + 2) * 2 ** 16) / 2 ** 23;
    default:
      return (view, at) => view.getInt32(at, true) / 2 ** 31;
  }
}

/**
 * Floating point samples are kept as they are, even outside [-1, 1].
 * @throws ZooError `DATA` for a file that is malformed, cut short, too long, or holds infinities or NaN.
 */
export function decodeWav(bytes: Uint8Array, name: string, limits: AudioLimits): RawAudio {
  const header = readWavHeader(bytes, name);
  checkExtent(name, header, limits);
  const read = sampleReader(header);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const step = header.sampleBytes * header.channels;
  const channels = Array.from({ length: header.channels }, (_, channel) => {
    const samples = new Float32Array(header.samples);
    const start = header.dataStart + channel * header.sampleBytes;
    for (let index = 0; index < samples.length; index++) samples[index] = read(view, start + index * step);
    return samples;
  });
  if (header.encoding === 'float') {
    for (const channel of channels) {
      const wrong = channel.findIndex((sample) => !Number.isFinite(sample));
      if (wrong >= 0) throw unreadableAudio(name, `sample ${wrong} is not a finite number`);
    }
  }
  return { kind: 'audio', sampleRate: header.sampleRate, channels };
}
