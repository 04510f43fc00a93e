import { describe, expect, it } from 'vitest';
import { prepareAhead } from '../../../src/data/ahead/prepare-pool.js';
import { audioFrontEnd } from '../../../src/data/audio/front-end.js';
import { prepareAudio } from '../../../src/data/audio/prepare-audio.js';
import { prepareImage } from '../../../src/data/image/prepare.js';
import { imagePreparer } from '../../../src/transfer/prepare/prepare-images.js';
import { audioPreparer } from '../../../src/transfer/prepare/prepare-recordings.js';
import { realModel } from '../../support/real-model.js';
import { picture, tone } from '../../transfer/sample-data.js';

async function audioInput(name: string) {
  const { input } = (await realModel(name)).card;
  if (input?.modality !== 'audio') throw new Error(`${name} hears`);
  return input;
}

describe('pictures prepared in another thread', () => {
  const photo = picture(3, 300, 200);

  it.each(['mobilenet-v2', 'resnet50'])('have the same numbers for %s', async (name) => {
    const { input } = (await realModel(name)).card;
    if (input?.modality !== 'image') throw new Error(`${name} sees`);
    const size = { height: 96, width: 96 };
    const here = prepareImage(photo, input, size);
    expect(await prepareAhead({ image: photo, input, size })).toEqual(here);
    // A part of a larger buffer, as the pictures of a table are.
    const shared = new Uint8Array(photo.data.length + 200);
    shared.set(photo.data, 100);
    const image = { ...photo, data: shared.subarray(100, -100) };
    expect(await prepareAhead({ image, input, size })).toEqual(here);
  });

  it('are the same, in order and with the same notes, whether many come at once or one by one', async () => {
    const { input } = (await realModel('mobilenet-v2')).card;
    if (input?.modality !== 'image') throw new Error('it sees');
    const spec = { name: 'x', shape: [null, 64, 64, 3], dtype: 'float32' } as const;
    const photos = Array.from({ length: 24 }, (_, index) => picture(index, 150 + index, 160));
    const [many, one] = [imagePreparer(input, spec), imagePreparer(input, spec)];
    const together = await Promise.all(photos.map((image) => many.prepare(image)));
    const single = [];
    for (const image of photos) single.push(await one.prepare(image));
    expect(together).toEqual(single);
    expect(many.notes).toEqual(one.notes);
  });
});

describe('recordings prepared in another thread', () => {
  it.each(['basic-pitch', 'resemblyzer'])('have the same numbers for %s', async (name) => {
    const input = await audioInput(name);
    const audio = tone(440, 44_100 * 3, 44_100, 2);
    const here = prepareAudio(audio, input, audioFrontEnd(input));
    const there = await prepareAhead({ audio, input, hop: undefined });
    expect(there).toEqual(here);
  });

  it('are refused with the same error', async () => {
    const input = await audioInput('basic-pitch');
    const audio = { kind: 'audio', sampleRate: 22_050, channels: [new Float32Array(0)] } as const;
    const job = prepareAhead({ audio, input, hop: undefined });
    await expect(job).rejects.toMatchObject({ name: 'ZooError', code: 'DATA' });
    expect(() => prepareAudio(audio, input, audioFrontEnd(input))).toThrow(
      await job.catch((error: Error) => error.message),
    );
  });

  it('are the same whether many come at once or one by one', async () => {
    const input = await audioInput('basic-pitch');
    const spec = { name: 'x', shape: [null, ...input.shape.slice(1)], dtype: 'float32' } as const;
    const recordings = [220, 330, 440, 550, 660].map((hertz) => tone(hertz, 30_000, 16_000));
    const [many, one] = [audioPreparer(input, spec), audioPreparer(input, spec)];
    const together = await Promise.all(recordings.map((audio) => many.prepare(audio)));
    const single = [];
    for (const audio of recordings) single.push(await one.prepare(audio));
    expect(together).toEqual(single);
    expect(many.notes).toEqual(one.notes);
  });
});
