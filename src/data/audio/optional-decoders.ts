/** The decoders of compressed audio: optional parts, loaded when a file needs one. */
import { ZooError } from '../../core/errors.js';
import { unreadableAudio } from './audio-limits.js';

const LOADERS = {
  'codec-parser': () => import('codec-parser'),
  '@wasm-audio-decoders/flac': () => import('@wasm-audio-decoders/flac'),
  '@wasm-audio-decoders/ogg-vorbis': () => import('@wasm-audio-decoders/ogg-vorbis'),
  'opus-decoder': () => import('opus-decoder'),
  'mpg123-decoder': () => import('mpg123-decoder'),
};
type Loaders = typeof LOADERS;

/**
 * Loads one of the optional packages.
 * @throws ZooError `DATA` naming the package when it isn't installed.
 */
export async function optionalDecoder<Name extends keyof Loaders>(
  name: Name,
  file: string,
): Promise<Awaited<ReturnType<Loaders[Name]>>> {
  try {
    return (await LOADERS[name]()) as Awaited<ReturnType<Loaders[Name]>>; // the entry of this name
  } catch (cause) {
    throw new ZooError('DATA', `${file} needs the optional package ${name}, which can't be loaded`, {
      hint: `Install it (npm install ${name}), or convert the file to WAV.`,
      cause,
    });
  }
}

/**
 * Runs a decoder so that its first complaint ends it. These decoders don't throw: they print to the console and go
 * on, and mpg123's wrapper asks again without end. `decode` does its work before it returns, a promise or not, so
 * nobody else's output passes through here.
 * @throws ZooError `DATA` with the decoder's words.
 */
export async function strictly<Result>(
  file: string,
  decode: () => Result | Promise<Result>,
): Promise<Result> {
  const sink = globalThis.console;
  const print = sink.error;
  let complaint: string | undefined;
  sink.error = (...words: unknown[]) => {
    complaint = words.join(' ').replaceAll(/\s+/g, ' ').slice(0, 200);
    throw new Error(complaint);
  };
  let running: Result | Promise<Result>;
  try {
    running = decode();
  } catch (cause) {
    throw unreadableAudio(file, complaint ?? 'the decoder failed', { cause });
  } finally {
    sink.error = print;
  }
  try {
    return await running;
  } catch (cause) {
    throw unreadableAudio(file, complaint ?? 'the decoder failed', { cause });
  }
}

/** What every decoder here can do besides decoding. */
interface Decoder {
  readonly ready: Promise<void>;
  free(): void;
}

/** Opens a decoder, uses it and frees its memory, whatever happens. */
export async function withDecoder<Opened extends Decoder, Result>(
  decoder: Opened,
  use: (decoder: Opened) => Promise<Result>,
): Promise<Result> {
  await decoder.ready;
  try {
    return await use(decoder);
  } finally {
    try {
      decoder.free();
    } catch {
      // A decoder that trapped can't clean up after itself; its memory goes with the garbage.
    }
  }
}
