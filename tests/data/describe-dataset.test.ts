import { expect, it } from 'vitest';
import { sha256 } from '../../src/core/digest.js';
import type { Example } from '../../src/data/dataset.js';
import { describeDataset } from '../../src/data/describe-dataset.js';
import { makeDataset } from '../../src/data/make-dataset.js';

function text(name: string, words: string, label: string): Example {
  return {
    name,
    labels: [label],
    load: async () => ({ kind: 'text', text: words }),
    digest: async () => sha256(words),
  };
}

const describe = async (...examples: Example[]) => {
  const dataset = makeDataset({ modality: 'text', origin: 'test', examples });
  return describeDataset(dataset, await Promise.all(examples.map((one) => one.digest())));
};

it('says how many there are of each class, which are equal, and which of those contradict each other', async () => {
  const sentences = await describe(
    text('1', 'good', 'yes'),
    text('2', 'bad', 'no'),
    text('3', 'good', 'yes'),
    text('4', 'so so', 'yes'),
    text('5', 'so so', 'no'),
  );
  expect(sentences[0]).toBe('2 classes with 2 to 3 examples each.');
  expect(sentences.slice(-2)).toEqual([
    '4 examples are in 2 groups of equal ones; a group is never split.',
    'Equal, and labelled differently: 4 = 5.',
  ]);
});

it('has nothing to say of equal ones where there are none', async () => {
  expect((await describe(text('1', 'a', 'x'), text('2', 'b', 'y'))).join()).not.toContain('equal');
});
