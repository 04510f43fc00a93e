/** Every refusal has its own message and exit code 7, and comes before any work. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ZooError } from '../../src/core/errors.js';
import { type Backbone, openBackbone } from '../../src/transfer/backbone.js';
import { checkFit, checkModality } from '../../src/transfer/check-fit.js';
import { realModel } from '../support/real-model.js';
import { thrownBy } from '../support/thrown-by.js';
import { dataset, example, picture, pictures, texts, tone } from './sample-data.js';
import { IMAGE_INPUT, tinyAudioNetwork, tinyImageNetwork } from './tiny-network.js';

let eye: Backbone;
let ear: Backbone;
let reader: Backbone;

beforeAll(async () => {
  eye = await openBackbone(await tinyImageNetwork());
  ear = await openBackbone(await tinyAudioNetwork());
  const { card, folder } = await realModel('minilm-l6-v2-fp16');
  reader = await openBackbone({ folder, card, digest: 'f'.repeat(64) as Backbone['digest'] });
});

afterAll(() => {
  for (const backbone of [eye, ear, reader]) backbone.dispose();
});

const recordings = (...list: ReturnType<typeof tone>[]) =>
  dataset(
    'audio',
    list.map((audio, index) => example(`${index}.wav`, () => audio)),
  );

describe('modality', () => {
  it('is named on both sides', async () => {
    const cases = [
      [ear, pictures(2), 'This network hears 8 kHz mono audio; these are pictures'],
      [eye, texts('one'), 'This network sees colour pictures of 8 x 8 pixels; these are texts'],
      [
        reader,
        recordings(tone(440, 800)),
        'This network reads text of at most 256 tokens; these are recordings',
      ],
    ] as const;
    for (const [backbone, data, message] of cases) {
      const error = await thrownBy(() => checkFit(backbone, data));
      expect(error).toMatchObject({ code: 'DATA', exitCode: 7, message });
    }
  });

  it('is known from the card, before a network is opened', async () => {
    expect((await thrownBy(() => checkModality(ear.card, pictures(1)))).exitCode).toBe(7);
    checkModality(eye.card, pictures(1));
  });

  it('an example of another kind than its data set is refused too', async () => {
    const error = await thrownBy(() => eye.preparer.prepare(tone(440, 800)));
    expect(error.message).toMatch(/sees .*; these are recordings/);
  });
});

describe('number of examples', () => {
  it('none, and too few', async () => {
    expect(await thrownBy(() => checkFit(eye, pictures(0)))).toMatchObject({
      exitCode: 7,
      message: 'There are no examples in samples',
    });
    expect(await thrownBy(() => checkFit(eye, pictures(3), { fewest: 10 }))).toMatchObject({
      exitCode: 7,
      message: 'There are too few examples in samples',
      expected: 'at least 10',
      found: 3,
    });
  });
});

describe('pictures', () => {
  it('what can be converted is, and is said once', async () => {
    const mixed = dataset('image', [
      example('a', () => picture(1, 8, 8, true)),
      example('b', () => picture(2, 8, 8, true)),
      example('c', () => picture(3, 20, 10)),
      example('d', () => picture(4, 3, 4)),
      example('e', () => picture(5)),
    ]);
    expect(await checkFit(eye, mixed)).toEqual([
      '1 smaller picture was enlarged to 8 x 8 pixels',
      '2 grey pictures were made RGB',
      '1 picture was scaled to 8 x 8 pixels',
    ]);
    expect(eye.preparer.notes).toEqual([]);
  });

  it('another size than the one that a network takes', async () => {
    const tiny = await tinyImageNetwork();
    const prepare = { size: { height: 16, width: 16 } };
    const error = await thrownBy(() => openBackbone({ ...tiny, prepare }));
    expect(error).toMatchObject({
      exitCode: 7,
      expected: '8 x 8 pixels',
      found: '16 x 16 pixels were asked for',
    });
    const same = await openBackbone({ ...tiny, prepare: { size: { height: 8, width: 8 } } });
    same.dispose();
  });

  it('a network that takes any size takes the card size or the one that is chosen', async () => {
    const tiny = await tinyImageNetwork({ input: { ...IMAGE_INPUT, shape: [null, null, null, 3] } }, null);
    for (const [prepare, shape] of [
      [undefined, [8, 8, 3]],
      [{ size: { height: 12, width: 20 } }, [12, 20, 3]],
    ] as const) {
      const backbone = await openBackbone({ ...tiny, prepare });
      const prepared = await backbone.preparer.prepare(picture(1, 30, 30));
      expect(prepared.shape).toEqual(shape);
      expect(await backbone.featuresOf([prepared])).toHaveLength(4);
      backbone.dispose();
    }
    const { resize: _, ...open } = IMAGE_INPUT as Extract<typeof IMAGE_INPUT, { modality: 'image' }>;
    const nowhere = await tinyImageNetwork({ input: { ...open, shape: [null, null, null, 3] } }, null);
    expect((await thrownBy(() => openBackbone(nowhere))).message).toMatch(
      /any size, so a size must be chosen/,
    );
  });

  it('channels that its card does not speak of', async () => {
    const tiny = await tinyImageNetwork({
      input: { ...IMAGE_INPUT, colourOrder: 'grey' } as typeof IMAGE_INPUT,
    });
    const error = await thrownBy(() => openBackbone(tiny));
    expect(error).toMatchObject({
      exitCode: 7,
      found: '[?, 8, 8, 3]',
      expected: '1 channels (grey), as its card says',
    });
  });
});

describe('recordings', () => {
  it('rate, channels and length are converted, and said once', async () => {
    const notes = await checkFit(
      ear,
      recordings(
        tone(440, 44_100, 44_100, 2),
        tone(440, 44_100, 44_100, 2),
        tone(440, 400),
        tone(440, 100),
        tone(440, 900),
      ),
    );
    expect(notes).toEqual([
      '2 recordings of 44.1 kHz stereo were made 8 kHz mono audio',
      'the end of 1 recording is too short for a window and left out',
      '1 recording was filled up with silence to a whole window',
      '3 recordings were cut into several windows',
    ]);
  });

  it('a rate at which most of what the network hears is lost', async () => {
    const error = await thrownBy(() => checkFit(ear, recordings(tone(100, 4000, 1000))));
    expect(error).toMatchObject({
      exitCode: 7,
      message: 'This network hears 8 kHz mono audio; this was recorded at 1 kHz',
      expected: 'at least 2 kHz',
    });
  });

  it('nothing at all, windows of another length, and a hop that is none', async () => {
    expect((await thrownBy(() => checkFit(ear, recordings(tone(440, 0))))).exitCode).toBe(7);
    const input = { modality: 'audio', shape: [null, 300], dtype: 'float32', sampleRate: 8000 } as const;
    const other = await tinyAudioNetwork({
      input: { ...input, shape: [...input.shape], window: { samples: 300 } },
    });
    expect(await thrownBy(() => openBackbone(other))).toMatchObject({
      exitCode: 7,
      expected: '[300]',
      found: '[400]',
    });
    const tiny = await tinyAudioNetwork();
    expect((await thrownBy(() => openBackbone({ ...tiny, prepare: { hop: 0 } }))).code).toBe('USAGE');
    const dense = await openBackbone({ ...tiny, prepare: { hop: 100 } });
    expect((await dense.preparer.prepare(tone(440, 800))).rows).toBe(5);
    expect(dense.preparer.identity).not.toBe(ear.preparer.identity);
    dense.dispose();
  });
});

describe('texts', () => {
  it('long ones are cut, and that is said once', async () => {
    const long = 'word '.repeat(400);
    expect(await checkFit(reader, texts(long, 'short', long))).toEqual(['2 texts were cut at 256 tokens']);
  });

  it('a vocabulary that does not know them', async () => {
    const error = await thrownBy(() => checkFit(reader, texts('𓀀𓀁 𓀂', '𓂀 𓃀 𓄿')));
    expect(error).toMatchObject({
      exitCode: 7,
      message: 'The vocabulary of minilm-l6-v2-fp16 does not know these texts',
      expected: 'words of its vocabulary of 30522 pieces',
    });
    expect(await checkFit(reader, texts('plain English words', 'and an emoji or two: 𓀀'))).toEqual([]);
  });

  it('an empty one', async () => {
    expect(await thrownBy(() => checkFit(reader, texts('  \n ')))).toMatchObject({
      exitCode: 7,
      message: 'The text is empty',
    });
  });

  it('more tokens than the network has positions', async () => {
    const { card, folder } = await realModel('minilm-l6-v2-fp16');
    const open = (maxTokens: number) =>
      openBackbone({ folder, card, digest: reader.digest, prepare: { maxTokens } });
    expect(await thrownBy(() => open(1000))).toMatchObject({
      exitCode: 7,
      message: 'This network reads at most 512 tokens of a text',
      found: 1000,
    });
    const most = await open(512);
    const prepared = await most.preparer.prepare({ kind: 'text', text: 'word '.repeat(600) });
    expect(prepared.shape).toEqual([512]);
    expect(await most.featuresOf([prepared])).toHaveLength(384);
    most.dispose();
  });
});

it('one bad example among good ones is left to whoever goes through all', async () => {
  const bad = example('bad.png', () => {
    throw new ZooError('DATA', 'bad.png is broken');
  });
  const [first, second] = pictures(2).examples;
  if (first === undefined || second === undefined) throw new Error('two pictures');
  expect(await checkFit(eye, dataset('image', [first, bad, second]))).toEqual([]);
  expect((await thrownBy(() => checkFit(eye, dataset('image', [bad, bad])))).message).toBe(
    'bad.png is broken',
  );
});

it('stops when it is told to', async () => {
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(checkFit(eye, pictures(3), { signal })).rejects.toThrow('enough');
});
