import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../src/data/image/decode.js';
import { tf } from '../../src/runtime/tensorflow.js';
import { type Classifier, openClassifier } from '../../src/transfer/classifier.js';
import { realModel } from '../support/real-model.js';
import { thrownBy } from '../support/thrown-by.js';
import { picture, tone } from './sample-data.js';
import { tinyAudioNetwork, tinyImageNetwork } from './tiny-network.js';

const GOLDEN: {
  networks: Record<string, { photos: Record<string, { best: number; probability: number }> }>;
} = JSON.parse(await readFile(new URL('../golden/photo-features.json', import.meta.url), 'utf8'));

function best(
  probabilities: Float32Array,
  { labels }: Classifier,
): { unit: number; label: string; probability: number } {
  const probability = Math.max(...probabilities);
  const unit = probabilities.indexOf(probability);
  return { unit, label: labels[unit] ?? '', probability };
}

const rows = (values: Float32Array, width: number) =>
  Array.from({ length: values.length / width }, (_, row) => values.subarray(row * width, (row + 1) * width));

describe('photographs', () => {
  // One gives logits, the other probabilities.
  it.each(['mobilenet-v2', 'resnet50'])('%s names them as Python does', async (name) => {
    const [{ card, folder }, photos] = [await realModel(name), await realModel('dataset/photos')];
    const classifier = await openClassifier({ folder, card });
    try {
      const golden = Object.entries(GOLDEN.networks[name]?.photos ?? {});
      expect(golden).toHaveLength(3);
      const prepared = await Promise.all(
        golden.map(async ([photo]) =>
          classifier.preparer.prepare(await decodeImage(join(photos.folder, photo))),
        ),
      );
      const tensors = tf.memory().numTensors;
      const answers = rows(await classifier.classify(prepared), 1000);
      expect(tf.memory().numTensors).toBe(tensors);
      const labels: string[] = [];
      for (const [index, [photo, expected]] of golden.entries()) {
        const answer = answers[index] ?? new Float32Array();
        expect(answer.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 4);
        const found = best(answer, classifier);
        expect(found.unit, photo).toBe(expected.best);
        expect(found.probability, photo).toBeCloseTo(expected.probability, 3);
        labels.push(found.label);
      }
      expect(labels.join()).toMatch(/espresso.*Egyptian.cat.*tripod/);
      expect(classifier.multiLabel).toBe(false);
    } finally {
      classifier.dispose();
    }
  });
});

it('code: guesslang, whose graph takes strings and has two outputs', async () => {
  const { card, folder } = await realModel('guesslang');
  const classifier = await openClassifier({ folder, card });
  try {
    const texts = [
      'SELECT * FROM users WHERE id = 3;\n',
      'package main\n\nimport "fmt"\n\nfunc main() {\n\tfmt.Println("hello")\n}\n',
    ];
    const prepared = await Promise.all(
      texts.map((text) => classifier.preparer.prepare({ kind: 'text', text })),
    );
    const [sql, go] = rows(await classifier.classify(prepared), classifier.labels.length);
    if (sql === undefined || go === undefined) throw new Error('two answers');
    expect(best(sql, classifier)).toMatchObject({
      label: expect.stringMatching(/sql/i),
      probability: expect.closeTo(0.13963, 3),
    });
    expect(best(go, classifier)).toMatchObject({
      label: expect.stringMatching(/^go$/i),
      probability: expect.closeTo(0.29089, 3),
    });
  } finally {
    classifier.dispose();
  }
});

describe('tiny networks', () => {
  it('windows of a recording answer together', async () => {
    const classifier = await openClassifier(await tinyAudioNetwork());
    const windows = [tone(300, 400), tone(900, 400)];
    const both = {
      kind: 'audio',
      sampleRate: 8000,
      channels: [Float32Array.from(windows.flatMap(({ channels }) => [...(channels[0] ?? [])]))],
    } as const;
    const prepared = await Promise.all([...windows, both].map((audio) => classifier.preparer.prepare(audio)));
    const [one = [], two = [], mean = []] = rows(await classifier.classify(prepared), 2).map((row) => [
      ...row,
    ]);
    for (const [unit, value] of mean.entries())
      expect(value).toBeCloseTo(((one[unit] ?? 0) + (two[unit] ?? 0)) / 2, 6);
    expect(mean.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 6);
    classifier.dispose();
  });

  it('units without names are called by their numbers; sigmoids answer each for itself', async () => {
    const output = { layer: 'classes', units: 3, activation: 'sigmoid' };
    const classifier = await openClassifier(await tinyImageNetwork({ output }));
    expect(classifier.labels).toEqual(['0', '1', '2']);
    expect(classifier.multiLabel).toBe(true);
    classifier.dispose();
  });

  it('refuses networks that sort nothing, and one with other classes than its card says', async () => {
    for (const name of ['basic-pitch', 'use-lite', 'minilm-l6-v2-fp16', 'resemblyzer']) {
      const { card, folder } = await realModel(name);
      const error = await thrownBy(() => openClassifier({ folder, card }));
      expect(error, name).toMatchObject({
        code: 'DATA',
        message: `${name} does not sort things into classes`,
      });
    }
    const five = await openClassifier(
      await tinyImageNetwork({ output: { layer: 'classes', units: 5, activation: 'softmax' } }),
    );
    const tensors = tf.memory().numTensors;
    const prepared = [await five.preparer.prepare(picture(1))];
    expect((await thrownBy(() => five.classify(prepared))).code).toBe('DATA');
    expect(tf.memory().numTensors).toBe(tensors);
    five.dispose();
  });
});
