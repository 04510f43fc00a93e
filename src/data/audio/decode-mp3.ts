/** MP3 (and layers I and II) to samples, without the silence that encoders add where the file says how much. */
import type { RawAudio } from '../dataset.js';
import { id3Length } from './audio-kind.js';
import { type AudioLimits, checkExtent, unreadableAudio } from './audio-limits.js';
import { walkMpegFrames } from './mpeg-frames.js';
import { optionalDecoder, strictly, withDecoder } from './optional-decoders.js';

/**
 * Audio frames as the Xing or Info header in the first frame counts them, without itself; undefined without one.
 * It lies after the frame's header and its side information, whose size depends on version and channels.
 */
function declaredFrames(first: Uint8Array): number | undefined {
  for (const start of [13, 21, 36]) {
    const tag = String.fromCharCode(...first.subarray(start, start + 4));
    if (tag !== 'Xing' && tag !== 'Info') continue;
    const view = new DataView(first.buffer, first.byteOffset, first.byteLength);
    if (first.length < start + 12 || (view.getUint32(start + 4) & 1) === 0) return undefined;
    return view.getUint32(start + 8);
  }
  return undefined;
}

/**
 * A file without a Xing or Info header doesn't tell its length: whole frames missing at its end can't be noticed then.
 * @throws ZooError `DATA` for a file that is malformed, cut short or too long.
 */
export async function decodeMp3(bytes: Uint8Array, name: string, limits: AudioLimits): Promise<RawAudio> {
  const sound = bytes.subarray(id3Length(bytes));
  const stream = walkMpegFrames(sound);
  if (stream === undefined) throw unreadableAudio(name, 'it has no MPEG audio frames');
  checkExtent(name, stream, limits);
  const expected = declaredFrames(stream.firstFrame) ?? 0;
  if (stream.cut || stream.frames - 1 < expected) {
    throw unreadableAudio(name, 'it is cut short or damaged', {
      expected: `${Math.max(expected, stream.frames) + 1} whole frames`,
      found: stream.frames,
    });
  }
  const { MPEGDecoder } = await optionalDecoder('mpg123-decoder', name);
  const decoded = await withDecoder(new MPEGDecoder(), (decoder) =>
    strictly(name, () => decoder.decode(sound)),
  );
  if (decoded.sampleRate !== stream.sampleRate) throw unreadableAudio(name, 'its frames are damaged');
  checkExtent(name, { ...stream, samples: decoded.samplesDecoded }, limits);
  // The decoder gives two channels for one.
  return {
    kind: 'audio',
    sampleRate: stream.sampleRate,
    channels: decoded.channelData.slice(0, stream.channels),
  };
}
