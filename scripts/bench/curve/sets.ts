/** The data sets of the curve, with the network that each is learnt with. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Dataset } from '../../../src/data/dataset.js';
import { publishedParts } from '../../../src/data/make-dataset.js';
import { openDatasetCard } from '../../../src/data/ready/open-dataset-card.js';
import { sampleDataset } from '../../../src/data/sample-dataset.js';
import type { AdaptingZoo } from '../../../src/training/adapting-zoo.js';
import { PARTS_SEED } from '../accuracy/experiment.js';
import { fixedTest, type Trial, withoutRepeats } from '../accuracy/trial.js';
import { picturesFromScratch, type Scratch, spectrogramsFromScratch, wordsFromScratch } from './scratch.js';
import type { PretrainedNetwork } from './ways.js';

export interface CurveSet {
  readonly title: string;
  readonly backbone: PretrainedNetwork;
  /** What the picture calls the baseline. */
  readonly scratch: string;
  /** Examples of each class. */
  readonly counts: readonly number[];
  /** What results are only comparable with. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** @param shared folder with a folder for each data set that is not pulled. */
  open(zoo: AdaptingZoo, shared: string): Promise<{ readonly trial: Trial; readonly scratch: Scratch }>;
}

/** Pixels a side: these pictures have 8 and 28. */
const SIDE = 64;
const MOBILENET: PretrainedNetwork = {
  reference: 'mobilenet-v2',
  options: { prepare: { size: { height: SIDE, width: SIDE } } },
};
const SMALL_CONVNET = 'small convnet from scratch';
const RULES = {
  option1: 'linear, unit length, C by cross-validation',
  option2: 'Adam 3e-4, batches of 16, 10 epochs, 60 to 640 steps',
};

function pictureSet(
  name: string,
  title: string,
  times: number,
  perClass: number,
  counts: number[],
): CurveSet {
  return {
    title,
    backbone: MOBILENET,
    scratch: SMALL_CONVNET,
    counts,
    settings: { data: name, network: 'mobilenet-v2', side: SIDE, testPerClass: perClass, ...RULES },
    async open(zoo) {
      const data = await withoutRepeats(await zoo.data(`dataset/${name}`));
      const { sample: test, rest: pool } = sampleDataset(data, perClass, PARTS_SEED);
      return { trial: fixedTest(title, { pool, test }, counts), scratch: picturesFromScratch(times) };
    },
  };
}

const SPOKEN = 'Spoken digits';
const SENTENCES = 'Praise or blame in sentences';
const SENTENCES_PER_CLASS = 500;

export const SETS: Readonly<Record<string, CurveSet>> = {
  digits: pictureSet('digits', 'Handwritten digits, 8 × 8 pixels', 3, 50, [1, 5, 10, 50, 100]),
  mnist: pictureSet('mnist-10k', 'Handwritten digits, 28 × 28 pixels', 1, 200, [1, 5, 10, 50, 500]),
  spoken: {
    title: SPOKEN,
    backbone: { reference: 'resemblyzer' },
    scratch: 'small convnet on log-mel from scratch',
    counts: [1, 5, 10, 50, 250],
    settings: { data: 'fsdd', network: 'resemblyzer', test: 'the published part', ...RULES },
    async open(zoo, shared) {
      const parts = publishedParts(await withoutRepeats(await local(zoo, shared, 'fsdd', 'fsdd')));
      if (parts === undefined) throw new Error('fsdd has no published parts');
      const trial = fixedTest(SPOKEN, { pool: parts.train, test: parts.test }, [...this.counts]);
      return { trial, scratch: spectrogramsFromScratch() };
    },
  },
  sentences: {
    title: SENTENCES,
    backbone: { reference: 'minilm-l6-v2' },
    scratch: 'TF-IDF and a linear layer',
    counts: [1, 5, 10, 50, 500],
    settings: {
      data: 'sentence-polarity',
      network: 'minilm-l6-v2',
      testPerClass: SENTENCES_PER_CLASS,
      ...RULES,
    },
    async open(zoo, shared) {
      const data = await local(zoo, shared, 'nltk-sentence-polarity', 'sentence-polarity');
      const { sample: test, rest: pool } = sampleDataset(
        await withoutRepeats(data),
        SENTENCES_PER_CLASS,
        PARTS_SEED,
      );
      const trial = fixedTest(SENTENCES, { pool, test }, [...this.counts]);
      return { trial, scratch: wordsFromScratch(trial.everything) };
    },
  },
};

/** From the caller's folder where it is there, else pulled. */
async function local(zoo: AdaptingZoo, shared: string, folder: string, name: string): Promise<Dataset> {
  const path = join(shared, folder);
  if (!existsSync(path)) return zoo.data(`dataset/${name}`);
  const { card } = await zoo.show(`dataset/${name}`);
  return openDatasetCard(path, card);
}
