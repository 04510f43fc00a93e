import { describe, expect, it } from 'vitest';
import { audioFrontEnd } from '../../../src/data/audio/front-end.js';
import { prepareAudioAhead } from '../../../src/data/audio/front-end-pool.js';
import { prepareAudio } from '../../../src/data/audio/prepare-audio.js';
import { audioPreparer } from '../../../src/transfer/prepare/prepare-recordings.js';
import { realModel } from '../../support/real-model.js';
import { tone } from '../../transfer/sample-data.js';

async function audioInput(name: string) {
  const { input } = (await realModel(name)).card;
  if (input?.modality !== 'audio') throw new Error(`${name} hears`);
  return input;
}

describe('recordings prepared in another thread', () => {
  it.each(['basic-pitch', 'resemblyzer'])('have the same numbers for %s', async (name) => {
    const input = await audioInput(name);
    const audio = tone(440, 44_100 * 3, 44_100, 2);
    const here = prepareAudio(audio, input, audioFrontEnd(input));
    const there = await prepareAudioAhead({ audio, input, hop: undefined });
    expect(there).toEqual(here);
  });

  it('are refused with the same error', async () => {
    const input = await audioInput('basic-pitch');
    const audio = { kind: 'audio', sampleRate: 22_050, channels: [new Float32Array(0)] } as const;
    const job = prepareAudioAhead({ audio, input, hop: undefined });
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
