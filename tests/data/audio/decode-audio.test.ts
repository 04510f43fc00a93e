import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ZooError } from '../../../src/core/errors.js';
import { AUDIO_EXTENSIONS, audioKind, isAudioName } from '../../../src/data/audio/audio-kind.js';
import { AUDIO_LIMITS } from '../../../src/data/audio/audio-limits.js';
import { decodeAudio } from '../../../src/data/audio/decode-audio.js';
import { fixture, golden, normOf, sumOf } from './golden.js';

interface Golden {
  readonly cases: readonly {
    readonly file: string;
    readonly exact: boolean;
    readonly sampleRate: number;
    readonly samples: number;
    readonly channels: readonly {
      readonly middle: readonly number[];
      readonly sum: number;
      readonly l2: number;
    }[];
  }[];
}

const { cases } = await golden<Golden>('audio-decode');
const FILES = cases.map(({ file }) => file);

/** The error of a file that can't be read; anything but a ZooError fails. */
async function refusal(bytes: Uint8Array, name: string, limits = AUDIO_LIMITS): Promise<ZooError> {
  const error = await decodeAudio(bytes, name, limits).then(
    () => new Error(`${name} was read`),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ZooError)) throw error;
  expect(error.code).toBe('DATA');
  expect(error.message).toContain(name);
  return error;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('decoded as other programs do', () => {
  it.each(cases)('$file', async ({ file, exact, sampleRate, samples, channels }) => {
    const audio = await decodeAudio(await fixture(file), file);
    const opus = file.endsWith('.opus');
    expect(audio.sampleRate).toBe(opus ? 48_000 : sampleRate);
    expect(audio.channels.length).toBe(channels.length);
    // libsndfile resamples Opus to the rate of what was encoded.
    if (opus && sampleRate !== 48_000) {
      expect(audio.channels[0]?.length).toBe(samples * (48_000 / sampleRate));
      return;
    }
    for (const [index, wanted] of channels.entries()) {
      const channel = audio.channels[index] ?? new Float32Array();
      expect(channel.length).toBe(samples);
      const middle = Array.from(channel.subarray(Math.floor(samples / 2), Math.floor(samples / 2) + 16));
      const l2 = normOf(channel);
      if (exact) {
        expect(middle).toEqual(wanted.middle);
        expect(sumOf(channel)).toBeCloseTo(wanted.sum, 9);
        expect(l2).toBeCloseTo(wanted.l2, 9);
      } else {
        // Decoders of the same stream round differently.
        const typical = wanted.l2 / Math.sqrt(samples);
        for (const [at, value] of middle.entries()) {
          expect(Math.abs(value - (wanted.middle[at] ?? Number.NaN))).toBeLessThan(2e-4 * typical);
        }
        expect(Math.abs(l2 / wanted.l2 - 1)).toBeLessThan(1e-4);
      }
    }
  });

  it('covers every ending that is announced', () => {
    const seen = new Set(FILES.map((file) => file.slice(file.lastIndexOf('.'))));
    expect([...AUDIO_EXTENSIONS].filter((ending) => !seen.has(ending))).toEqual(['.wave']);
    expect(isAudioName('a/B.WAVE')).toBe(true);
    expect(isAudioName('wav')).toBe(false);
  });

  it('goes by the bytes, not by the name', async () => {
    const audio = await decodeAudio(await fixture('mono.flac'), 'really.wav');
    expect(audio.channels[0]?.length).toBe(5512);
  });

  it('skips tags before the sound', async () => {
    for (const file of ['mono.flac', 'mono.mp3']) {
      const bytes = await fixture(file);
      const tag = Buffer.concat([Buffer.from('ID3\x04\0\0\0\0\x02\x10'), Buffer.alloc(272, 1)]);
      const plain = await decodeAudio(bytes, file);
      const tagged = await decodeAudio(Buffer.concat([tag, bytes]), file);
      expect(tagged.channels).toEqual(plain.channels);
    }
  });

  it('skips a tag after the sound', async () => {
    const bytes = await fixture('stereo.mp3');
    const tagged = Buffer.concat([bytes, Buffer.from('TAG'), Buffer.alloc(125, 0xff)]);
    expect((await decodeAudio(tagged, 'x.mp3')).channels).toEqual(
      (await decodeAudio(bytes, 'x.mp3')).channels,
    );
  });
});

describe('files that are refused', () => {
  it.each(FILES)('%s cut short', async (file) => {
    const bytes = await fixture(file);
    for (const part of [0.3, 0.6, 0.95]) {
      await refusal(bytes.slice(0, Math.floor(bytes.length * part)), file);
    }
  });

  it.each(FILES)('%s when it is longer than allowed', async (file) => {
    const bytes = await fixture(file);
    const limits = { ...AUDIO_LIMITS, maxSamples: 300 };
    expect((await refusal(bytes, file, limits)).message).toContain('too long');
  });

  it.each([
    ['M4A', Buffer.from('\0\0\0\x20ftypM4A \0\0\0\0')],
    ['AAC', Buffer.from([0xff, 0xf1, 0x50, 0x80, 0x02, 0x1f])],
    ['AIFF', Buffer.from('FORM\0\0\0\x20AIFF')],
    ['big-endian WAV', Buffer.from('RIFX\0\0\0\x20WAVE')],
    ['WebM', Buffer.from([0x1a, 0x45, 0xdf, 0xa3, 1, 2, 3, 4])],
    ['WMA', Buffer.from([0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66])],
  ])('%s, by name', async (kind, bytes) => {
    const error = await refusal(bytes, 'song.m4a');
    expect(error.message).toContain(kind);
    expect(error.hint).toContain('WAV or FLAC');
  });

  it('an empty file, text, and a header alone', async () => {
    await refusal(new Uint8Array(), 'empty.wav');
    await refusal(Buffer.from('hello, this is text'), 'text.mp3');
    for (const magic of ['RIFF\0\0\0\0WAVE', 'fLaC', 'OggS', 'ID3'])
      await refusal(Buffer.from(magic), 'x.wav');
  });

  it('a FLAC file that declares more or less than it holds', async () => {
    const bytes = await fixture('mono.flac');
    for (const [byte, words] of [
      [0xff, /cut short/],
      [0x10, /cut short|contradict/],
    ] as const) {
      const lying = Uint8Array.from(bytes);
      lying[24] = byte; // of the 36 bits for the number of samples
      expect((await refusal(lying, 'lying.flac')).message).toMatch(words);
    }
  });

  it('an Ogg file with a page cut out', async () => {
    const bytes = Buffer.from(await fixture('mono-opus.opus'));
    const starts: number[] = [];
    for (let at = bytes.indexOf('OggS'); at >= 0; at = bytes.indexOf('OggS', at + 1)) starts.push(at);
    expect(starts.length).toBeGreaterThanOrEqual(3);
    await refusal(bytes.subarray(0, starts.at(-1)), 'last.opus');
  });
});

describe('the console', () => {
  it('stays silent whatever the decoders complain about', async () => {
    const spies = (['error', 'warn', 'log'] as const).map((method) =>
      vi.spyOn(console, method).mockImplementation(() => undefined),
    );
    for (const file of FILES) {
      const bytes = Uint8Array.from(await fixture(file));
      for (let at = Math.floor(bytes.length / 2); at < bytes.length; at += 7) bytes[at] = 0x5a ^ at;
      await decodeAudio(bytes, file).catch((error: unknown) => expect(error).toBeInstanceOf(ZooError));
    }
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
  });
});

describe('any bytes', () => {
  it('have a kind or none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.string(), (bytes, name) => {
        const kind = audioKind(bytes, name);
        expect(kind === undefined || typeof kind === 'string' || typeof kind.unread === 'string').toBe(true);
      }),
    );
  });

  it.each(FILES)('%s with changed bytes is read or refused', async (file) => {
    const original = await fixture(file);
    const change = fc.tuple(fc.nat({ max: original.length - 1 }), fc.nat({ max: 255 }));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 12 }), async (changes) => {
        const bytes = Uint8Array.from(original);
        for (const [at, value] of changes) bytes[at] = value;
        const audio = await decodeAudio(bytes, file).catch((error: unknown) => error);
        if (audio instanceof ZooError) {
          expect(audio.code).toBe('DATA');
          return;
        }
        if (audio instanceof Error) throw audio;
        expect(audio).toMatchObject({ kind: 'audio' });
      }),
      { numRuns: 25 },
    );
  });

  it('behind each magic number are read or refused', async () => {
    const magics = [
      'RIFF\x24\0\0\0WAVEfmt ',
      'fLaC\x80\0\0\x22',
      'OggS\0\x02',
      '\xff\xfb\x90\x64',
      'ID3\x04\0',
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...magics),
        fc.uint8Array({ minLength: 1, maxLength: 4000 }),
        async (magic, rest) => {
          const bytes = Buffer.concat([Buffer.from(magic, 'latin1'), rest]);
          const audio = await decodeAudio(bytes, 'any').catch((error: unknown) => error);
          if (audio instanceof Error && !(audio instanceof ZooError)) throw audio;
        },
      ),
      { numRuns: 150 },
    );
  });
});
