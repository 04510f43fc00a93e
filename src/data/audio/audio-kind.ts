/** What kind of audio a file holds, told by its first bytes; the ending of its name only helps MP3. */
import { extname } from 'node:path';
import { mpegHeader } from './mpeg-frames.js';

/** Endings of the files that `decodeAudio` reads, in lower case, with the dot. */
export const AUDIO_EXTENSIONS: readonly string[] = [
  '.wav',
  '.wave',
  '.flac',
  '.mp3',
  '.ogg',
  '.oga',
  '.opus',
];

export type AudioKind = 'wav' | 'flac' | 'mp3' | 'ogg';

/** A kind that is recognised so that the error can name it. */
export interface OtherKind {
  readonly unread: string;
}

/** True for a path or name with one of `AUDIO_EXTENSIONS`. */
export function isAudioName(name: string): boolean {
  return AUDIO_EXTENSIONS.includes(extname(name).toLowerCase());
}

function ascii(bytes: Uint8Array, start: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(start, start + length));
}

/**
 * Bytes that ID3v2 tags take at the start of a file, 0 where there are none.
 * @see https://id3.org/id3v2.4.0-structure (sizes have 7 bits a byte; a footer adds 10 bytes)
 */
export function id3Length(bytes: Uint8Array): number {
  let length = 0;
  while (ascii(bytes, length, 3) === 'ID3' && bytes.length >= length + 10) {
    const size = bytes.subarray(length + 6, length + 10).reduce((sum, byte) => sum * 128 + (byte & 0x7f), 0);
    const footer = ((bytes[length + 5] ?? 0) & 0x10) === 0 ? 0 : 10;
    length += 10 + size + footer;
  }
  return length;
}

/** @returns undefined for bytes that are no audio file known here. */
export function audioKind(bytes: Uint8Array, name: string): AudioKind | OtherKind | undefined {
  const magic = ascii(bytes, 0, 4);
  if ((magic === 'RIFF' || magic === 'RF64') && ascii(bytes, 8, 4) === 'WAVE') return 'wav';
  if (magic === 'OggS') return 'ogg';
  if (magic === 'RIFX') return { unread: 'big-endian WAV' };
  if (magic === 'FORM') return { unread: 'AIFF' };
  if (magic === '.snd') return { unread: 'Sun audio' };
  if (ascii(bytes, 4, 4) === 'ftyp') return { unread: 'MP4 or M4A (AAC)' };
  if (magic === '\x1aE\xdf\xa3') return { unread: 'WebM or Matroska' };
  if (bytes[0] === 0x30 && bytes[1] === 0x26 && bytes[2] === 0xb2 && bytes[3] === 0x75) {
    return { unread: 'WMA' };
  }
  const start = id3Length(bytes);
  if (ascii(bytes, start, 4) === 'fLaC') return 'flac';
  if (bytes[start] === 0xff && ((bytes[start + 1] ?? 0) & 0xf6) === 0xf0) return { unread: 'AAC' };
  if (start > 0 || mpegHeader(bytes, 0) !== undefined) return 'mp3';
  // Some MP3 files begin with bytes that belong to no frame.
  return extname(name).toLowerCase() === '.mp3' ? 'mp3' : undefined;
}
