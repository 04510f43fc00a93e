/** The bytes of an audio file as samples. */
import type { RawAudio } from '../dataset.js';
import { audioKind } from './audio-kind.js';
import { AUDIO_LIMITS, type AudioLimits, unreadableAudio } from './audio-limits.js';
import { decodeFlac } from './decode-flac.js';
import { decodeMp3 } from './decode-mp3.js';
import { decodeOgg } from './decode-ogg.js';
import { decodeWav } from './decode-wav.js';

const DECODERS = { wav: decodeWav, flac: decodeFlac, mp3: decodeMp3, ogg: decodeOgg };

/**
 * Decodes WAV (PCM of 8 to 32 bits, floating point, A-law, mu-law; RF64 too), FLAC, MP3 and Ogg (Vorbis, Opus,
 * FLAC), told apart by their first bytes. WAV and FLAC give the stored values exactly: a 16-bit v is v / 32768.
 * AAC is not read: its decoder comes under the GPL only.
 * @param name for messages: a path or the name in an archive.
 * @returns all channels at the file's own rate; floating point WAV may lie outside [-1, 1].
 * @throws ZooError `DATA` naming the file when it is of no kind read here, malformed, cut short, without a sample,
 * longer than `limits` allow, or needs an optional package that isn't installed.
 */
export async function decodeAudio(
  bytes: Uint8Array,
  name: string,
  limits: AudioLimits = AUDIO_LIMITS,
): Promise<RawAudio> {
  const kind = audioKind(bytes, name);
  if (typeof kind !== 'string') {
    throw unreadableAudio(
      name,
      kind === undefined ? 'its kind is unknown' : `${kind.unread} is not read here`,
      {
        expected: 'WAV, FLAC, MP3 or Ogg (Vorbis, Opus)',
        hint: kind === undefined ? undefined : 'Convert it to WAV or FLAC.',
      },
    );
  }
  const audio = await DECODERS[kind](bytes, name, limits);
  if ((audio.channels[0]?.length ?? 0) === 0) throw unreadableAudio(name, 'it holds no samples');
  return audio;
}
