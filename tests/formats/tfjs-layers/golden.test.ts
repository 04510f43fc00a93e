import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Network } from '../../../src/formats/network.js';
import { openTfjsLayers } from '../../../src/formats/tfjs-layers/open-tfjs-layers.js';
import { parseCard } from '../../../src/registry/parse-card.js';
import { tf } from '../../../src/runtime/tensorflow.js';
import { realModel } from '../../support/real-model.js';
import { expectGolden, formulaTensor, type GoldenCase, goldenCases } from '../tfjs-golden.js';

describe('resnet50 equals Python TensorFlow', () => {
  let network: Network;
  let cases: GoldenCase[];
  beforeAll(async () => {
    const { folder, card } = await realModel('resnet50');
    network = await openTfjsLayers(folder, card);
    cases = await goldenCases('resnet50');
  });
  afterAll(() => network.dispose());

  test('in output, features and stages', async () => {
    expect(cases).toHaveLength(2);
    for (const { input, outputs } of cases) {
      if (!('formula' in input)) throw new Error('pictures are made by formulas');
      const picture = formulaTensor(input);
      const cuts = Object.keys(outputs);
      const results = await network.run(picture, cuts);
      for (const [index, cut] of cuts.entries()) {
        const golden = outputs[cut];
        const result = results[index];
        if (golden === undefined || result === undefined) throw new Error(`nothing at ${cut}`);
        expectGolden(result, golden, `${input.formula} at ${cut}`);
      }
      const [whole] = await network.run(picture);
      if (whole === undefined || outputs.fc1000 === undefined) throw new Error('no output');
      expectGolden(whole, outputs.fc1000, `${input.formula}, default output`);
      tf.dispose([picture, whole, ...results]);
    }
  });

  test('in the number of parameters and what is trainable', () => {
    const all = [...network.parameters.values()];
    expect(all).toHaveLength(320);
    expect(all.reduce((sum, { value }) => sum + value.size, 0)).toBe(25_636_712);
    const frozen = all.filter(({ trainable }) => !trainable);
    expect(frozen).toHaveLength(2 * 53);
    expect(frozen.every(({ name }) => /\/moving_(mean|variance)$/.test(name))).toBe(true);
  });
});

/** Networks that lie in the shared folder only. */
const SHARED = fileURLToPath(new URL('../../../../shared', import.meta.url));
const SHARED_NETWORKS = [
  {
    folder: 'mobilenet-v1-025-imagenet',
    card: 'image/mobilenet-v1-025',
    golden: 'mobilenet-v1-025-imagenet',
  },
  { folder: 'crepe-tiny', card: 'audio/crepe-tiny', golden: 'crepe-tiny' },
];

for (const { folder, card, golden } of SHARED_NETWORKS) {
  const models = `${SHARED}/models/${folder}`;
  test.skipIf(!existsSync(models))(`${folder} equals Python TensorFlow (needs ../shared)`, async () => {
    const file = new URL(`../../../registry/${card}/1.0.0.json`, import.meta.url);
    const network = await openTfjsLayers(
      models,
      parseCard(await readFile(file, 'utf8'), fileURLToPath(file)),
    );
    const { cases } = JSON.parse(await readFile(`${SHARED}/catalogue/golden/${golden}.json`, 'utf8'));
    let compared = 0;
    for (const { name, input, output, features, stages } of cases) {
      // Other cases have inputs that no formula makes.
      if (name !== 'sine' && name !== 'lcg') continue;
      const numbers = [...input.formula.matchAll(/-?\d+\.\d+/g)].map(([text]: RegExpMatchArray) =>
        Number(text),
      );
      const size = name === 'sine' ? (numbers[0] ?? 0) : -(numbers[0] ?? 0);
      const x = formulaTensor(
        name === 'sine'
          ? { formula: 'sine', shape: input.shape, a: size }
          : { formula: 'lcg', shape: input.shape, low: -size, high: size },
      );
      const cuts = [features.layer, ...Object.keys(stages)];
      const wanted = [output, features, ...Object.values(stages)];
      const results = [...(await network.run(x)), ...(await network.run(x, cuts))];
      for (const [index, result] of results.entries()) {
        const { first16, sum, l2, ...rest } = wanted[index];
        // Those files have no sum of sizes; the sum of n numbers is at most the norm times the root of n.
        const sumOfSizes = l2 * Math.sqrt(result.size);
        const summary = { first: first16, sum, sumOfSizes, norm: l2, ...rest };
        expectGolden(result, summary, `${name} at ${['output', ...cuts][index]}`);
        compared += 1;
      }
      tf.dispose([x, ...results]);
    }
    expect(compared).toBeGreaterThanOrEqual(6);
    network.dispose();
  });
}
