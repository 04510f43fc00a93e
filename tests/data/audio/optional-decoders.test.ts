import { afterEach, describe, expect, it, vi } from 'vitest';
import { decodeAudio } from '../../../src/data/audio/decode-audio.js';
import { strictly, withDecoder } from '../../../src/data/audio/optional-decoders.js';
import { fixture } from './golden.js';

const sink = globalThis.console;

afterEach(() => {
  vi.restoreAllMocks();
  vi.doUnmock('mpg123-decoder');
});

describe('a decoder that is not installed', () => {
  it('is named, and only the files that need it fail', async () => {
    vi.doMock('mpg123-decoder', () => {
      throw new Error('Cannot find package');
    });
    await expect(decodeAudio(await fixture('mono.mp3'), 'a.mp3')).rejects.toMatchObject({
      code: 'DATA',
      message: expect.stringContaining('a.mp3 needs the optional package mpg123-decoder'),
      hint: expect.stringContaining('npm install mpg123-decoder'),
    });
    expect((await decodeAudio(await fixture('mono.flac'), 'a.flac')).channels.length).toBe(1);
  });
});

describe('a decoder that complains on the console', () => {
  it('is ended at its first complaint, which becomes the error', async () => {
    const print = vi.spyOn(sink, 'error').mockImplementation(() => undefined);
    let asked = 0;
    const endless = () => {
      for (;;) {
        asked++;
        if (asked > 1000) throw new Error('never ended');
        sink.error('mpg123: bad frame');
      }
    };
    await expect(strictly('a.mp3', endless)).rejects.toMatchObject({
      code: 'DATA',
      message: "a.mp3 can't be read as audio: mpg123: bad frame",
    });
    expect(asked).toBe(1);
    expect(print).not.toHaveBeenCalled();
    sink.error('the console works again');
    expect(print).toHaveBeenCalledOnce();
  });

  it('may give a promise, whose failure is an error as well', async () => {
    await expect(strictly('a.ogg', () => Promise.resolve(3))).resolves.toBe(3);
    await expect(strictly('a.ogg', () => Promise.reject(new RangeError('x')))).rejects.toMatchObject({
      code: 'DATA',
      cause: new RangeError('x'),
    });
  });

  it('is freed in any case, even where freeing fails', async () => {
    const freed: string[] = [];
    const decoder = (name: string, fails: boolean) => ({
      ready: Promise.resolve(),
      free() {
        freed.push(name);
        if (fails) throw new Error('trapped');
      },
    });
    await expect(withDecoder(decoder('good', true), async () => 1)).resolves.toBe(1);
    const failing = withDecoder(decoder('bad', false), async () => {
      throw new Error('first');
    });
    await expect(failing).rejects.toThrowError('first');
    expect(freed).toEqual(['good', 'bad']);
  });
});
