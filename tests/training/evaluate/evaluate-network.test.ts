import { afterEach, describe, expect, it } from 'vitest';
import type { Dataset } from '../../../src/data/dataset.js';
import { evaluateNetwork } from '../../../src/training/evaluate/evaluate-network.js';
import { type Classifier, openClassifier } from '../../../src/transfer/classifier.js';
import { thrownBy } from '../../support/thrown-by.js';
import { dataset, example, picture, texts } from '../../transfer/sample-data.js';
import { tinyImageNetwork } from '../../transfer/tiny-network.js';

const opened: Classifier[] = [];
afterEach(() => {
  for (const classifier of opened.splice(0)) classifier.dispose();
});

async function classifier(activation = 'softmax'): Promise<Classifier> {
  const output = { layer: 'classes', units: 3, activation, labels: ['red', 'green', 'blue'] };
  const one = await openClassifier(await tinyImageNetwork({ output }));
  opened.push(one);
  return one;
}

const COUNT = 70;

/** What the network itself says of each picture. */
async function answers(network: Classifier): Promise<string[]> {
  const prepared = await Promise.all(
    Array.from({ length: COUNT }, (_, seed) => network.preparer.prepare(picture(seed))),
  );
  const scores = await network.classify(prepared);
  return prepared.map((_, row) => {
    const [red = 0, green = 0, blue = 0] = scores.subarray(3 * row, 3 * row + 3);
    const top = Math.max(red, green, blue);
    return top === red ? 'red' : top === green ? 'green' : 'blue';
  });
}

const labelled = (labels: readonly string[]): Dataset =>
  dataset(
    'image',
    labels.map((label, seed) => example(`${seed}.png`, () => picture(seed), [label])),
  );

describe('evaluateNetwork', () => {
  it('finds as many right answers as there are', async () => {
    const network = await classifier();
    const right = await answers(network);
    const wrong = right.map((label, index) =>
      index % 10 === 0 ? (label === 'red' ? 'blue' : 'red') : label,
    );
    const done: number[] = [];
    const { report, unreadable } = await evaluateNetwork(network, labelled(wrong), {
      mistakes: 3,
      onProgress: (progress) => done.push(progress.done),
    });
    expect(report).toMatchObject({ task: 'classification', examples: COUNT, accuracy: 0.9 });
    expect(report).toMatchObject({ mistakes: { length: 3 }, labels: ['red', 'green', 'blue'] });
    expect(unreadable).toEqual([]);
    expect(done.at(-1)).toBe(COUNT);
  });

  it('measures units that answer for themselves', async () => {
    const { report } = await evaluateNetwork(await classifier('sigmoid'), labelled(['red', 'green', 'blue']));
    expect(report).toMatchObject({ task: 'multi-label', examples: 3 });
  });

  it('refuses labels that it does not know, and other data', async () => {
    const network = await classifier();
    expect(await thrownBy(() => evaluateNetwork(network, labelled(['red', 'pink'])))).toMatchObject({
      code: 'DATA',
      found: 'pink',
    });
    expect(await thrownBy(() => evaluateNetwork(network, texts('red')))).toMatchObject({ code: 'DATA' });
  });
});
