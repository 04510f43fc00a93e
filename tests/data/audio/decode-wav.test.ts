import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ZooError } from '../../../src/core/errors.js';
import { AUDIO_LIMITS } from '../../../src/data/audio/audio-limits.js';
import { decodeAudio } from '../../../src/data/audio/decode-audio.js';
import { decodeWav } from '../../../src/data/audio/decode-wav.js';
import { toMono } from '../../../src/data/audio/to-mono.js';

interface Wav {
  readonly tag?: number;
  readonly channels?: number;
  readonly rate?: number;
  readonly bits?: number;
  readonly blockBytes?: number;
  readonly data: Uint8Array;
  readonly declared?: number;
  readonly before?: Uint8Array;
  readonly extension?: Uint8Array;
}

function chunk(id: string, body: Uint8Array, declared = body.length): Buffer {
  const head = Buffer.alloc(8);
  head.write(id, 'latin1');
  head.writeUInt32LE(declared, 4);
  return Buffer.concat([head, body, Buffer.alloc(body.length % 2)]);
}

function wav({
  tag = 1,
  channels = 1,
  rate = 8000,
  bits = 16,
  data,
  before,
  extension,
  ...rest
}: Wav): Buffer {
  const blockBytes = rest.blockBytes ?? channels * Math.ceil(bits / 8);
  const format = Buffer.alloc(16);
  format.writeUInt16LE(tag, 0);
  format.writeUInt16LE(channels, 2);
  format.writeUInt32LE(rate, 4);
  format.writeUInt32LE((rate * blockBytes) % 2 ** 32, 8);
  format.writeUInt16LE(blockBytes, 12);
  format.writeUInt16LE(bits, 14);
  const body = Buffer.concat([
    Buffer.from('WAVE'),
    before ?? Buffer.alloc(0),
    chunk('fmt ', Buffer.concat([format, extension ?? Buffer.alloc(0)])),
    chunk('data', data, rest.declared ?? data.length),
  ]);
  return chunk('RIFF', body);
}

function read(bytes: Uint8Array): number[][] {
  return decodeWav(bytes, 'a.wav', AUDIO_LIMITS).channels.map((channel) => Array.from(channel));
}

function refused(bytes: Uint8Array): ZooError {
  try {
    read(bytes);
  } catch (error) {
    expect(error).toMatchObject({ name: 'ZooError', code: 'DATA' });
    return error as ZooError; // checked in the line above
  }
  throw new Error('it was read');
}

describe('the values of WAV files', () => {
  it('reach from -1 to just under 1 in every size', () => {
    const ends: readonly (readonly [number, readonly number[], readonly number[]])[] = [
      [8, [0, 128, 255], [-1, 0, 127 / 128]],
      [16, [0x00, 0x80, 0, 0, 0xff, 0x7f], [-1, 0, 32767 / 32768]],
      [24, [0, 0, 0x80, 0, 0, 0, 0xff, 0xff, 0x7f], [-1, 0, Math.fround(8388607 / 8388608)]],
      [32, [0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0xff, 0xff, 0x7f], [-1, 0, Math.fround(0x7fffff00 / 2 ** 31)]],
    ];
    for (const [bits, bytes, values] of ends) {
      expect(read(wav({ bits, data: Uint8Array.from(bytes) }))).toEqual([values]);
    }
  });

  it('are each 16-bit value over 32768, channel by channel', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.integer({ min: -32768, max: 32767 }), { minLength: 6, maxLength: 60 }),
        (channels, values) => {
          const count = Math.floor(values.length / channels);
          const data = Uint8Array.from(
            new Uint8Array(Int16Array.from(values.slice(0, count * channels)).buffer),
          );
          const found = read(wav({ channels, data }));
          expect(found.length).toBe(channels);
          for (const [index, value] of values.slice(0, count * channels).entries()) {
            expect(found[index % channels]?.[Math.floor(index / channels)]).toBe(value / 32768);
          }
        },
      ),
    );
  });

  it('of 12 and 20 bits lie at the upper end of their bytes', () => {
    expect(read(wav({ bits: 12, data: Uint8Array.of(0, 0x40) }))).toEqual([[0.5]]);
    expect(read(wav({ bits: 20, data: Uint8Array.of(0, 0, 0x40) }))).toEqual([[0.5]]);
  });

  it('in floating point may leave [-1, 1] but must be finite', () => {
    const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
    expect(read(wav({ tag: 3, bits: 32, data: floats(1.5, -2) }))).toEqual([[1.5, -2]]);
    expect(refused(wav({ tag: 3, bits: 32, data: floats(0, Number.NaN) })).message).toContain('sample 1');
    expect(refused(wav({ tag: 3, bits: 32, data: floats(Number.POSITIVE_INFINITY) })).message).toContain(
      'finite',
    );
    const huge = new Uint8Array(Float64Array.of(1e300).buffer);
    expect(refused(wav({ tag: 3, bits: 64, data: huge })).message).toContain('finite');
  });
});

describe('the structure of WAV files', () => {
  const data = Uint8Array.of(0, 0x40, 0, 0xc0);

  it('may hold other chunks, of odd length too, before the samples', () => {
    expect(read(wav({ data, before: chunk('LIST', Uint8Array.of(1, 2, 3)) }))).toEqual([[0.5, -0.5]]);
  });

  it('may end after the samples with more than the header says', () => {
    expect(read(Buffer.concat([wav({ data }), Buffer.from('more')]))).toEqual([[0.5, -0.5]]);
  });

  it('may leave the size open, as recorders do that write into a pipe', () => {
    expect(read(wav({ data, declared: 0xffffffff }))).toEqual([[0.5, -0.5]]);
  });

  it('may end inside a sample, which is left out', () => {
    expect(read(wav({ data: Uint8Array.of(0, 0x40, 0) }))).toEqual([[0.5]]);
  });

  it.each<[string, Wav, RegExp]>([
    ['more samples than there are', { data, declared: 1000 }, /cut short/],
    ['another encoding', { tag: 0x11, bits: 4, data }, /0x11/],
    ['no channels', { channels: 0, blockBytes: 2, data }, /sample size/],
    ['too many channels', { channels: 1000, data }, /channels/],
    ['no sample rate', { rate: 0, data }, /sample rate/],
    ['an absurd sample rate', { rate: 4_000_000_000, data }, /sample rate/],
    ['a block that is no multiple of the channels', { channels: 2, blockBytes: 3, data }, /sample size/],
    ['bits that are not those of the block', { bits: 8, blockBytes: 2, data }, /sample size/],
    ['floating point of 16 bits', { tag: 3, bits: 16, data }, /sample size/],
    ['an extensible format without its extension', { tag: 0xfffe, data }, /extensible/],
    [
      'an extensible format of a foreign kind',
      { tag: 0xfffe, data, extension: Buffer.alloc(24, 7) },
      /extensible/,
    ],
  ])('is refused for %s', (_, parts, words) => {
    expect(refused(wav(parts)).message).toMatch(words);
  });

  it('is refused without a format or without samples', () => {
    const head = Buffer.concat([Buffer.from('WAVE'), chunk('data', data)]);
    expect(refused(chunk('RIFF', head)).message).toContain('format chunk is missing');
    expect(refused(wav({ data }).subarray(0, 36)).message).toContain('no samples chunk');
    expect(refused(wav({ data, before: chunk('junk', Uint8Array.of(1, 2), 4_000_000) })).message).toContain(
      'junk',
    );
  });

  it('is refused when it is empty', async () => {
    const reading = decodeAudio(wav({ data: new Uint8Array() }), 'none.wav');
    await expect(reading).rejects.toMatchObject({
      code: 'DATA',
      message: expect.stringContaining('no samples'),
    });
  });

  it('is found inside a larger buffer', () => {
    const bytes = wav({ data });
    const inside = Buffer.concat([Buffer.alloc(3), bytes]).subarray(3);
    expect(read(inside)).toEqual([[0.5, -0.5]]);
  });
});

describe('mixing to mono', () => {
  it('takes the mean of the channels', () => {
    const channels = [Float32Array.of(1, 0.5), Float32Array.of(0, -0.5), Float32Array.of(0.5, 0.75)];
    expect(toMono({ kind: 'audio', sampleRate: 8000, channels })).toEqual(Float32Array.of(0.5, 0.25));
  });

  it('leaves one channel alone', () => {
    const channel = Float32Array.of(0.1, 0.2);
    expect(toMono({ kind: 'audio', sampleRate: 8000, channels: [channel] })).toBe(channel);
  });
});
