/** Which examples a run learns from, and which it is measured on. */
import type { Dataset } from './dataset.js';
import { sampleDataset } from './sample-dataset.js';
import { splitDataset } from './split-dataset.js';

export interface ChooseOptions {
  /** Share of all examples, 0 to below 1, that is kept back to measure on. */
  readonly validation?: number | undefined;
  /** Learn from this many of each class only; all by default. What is kept back is not made smaller. */
  readonly perClass?: number | undefined;
  readonly seed: number;
  /** sha256 of the examples, in their order: equal ones are then never on both sides. */
  readonly digests?: readonly string[] | undefined;
}

export interface ChosenExamples {
  readonly train: Dataset;
  readonly validation: Dataset | undefined;
}

/** @throws ZooError as `splitDataset` and `sampleDataset`. */
export function chooseExamples(dataset: Dataset, options: ChooseOptions): ChosenExamples {
  const { validation: share, perClass, seed, digests } = options;
  const split =
    share === undefined || share === 0
      ? { train: dataset, validation: undefined }
      : splitDataset(dataset, { validation: share, seed, digests });
  const { validation } = split;
  if (perClass === undefined) return { train: split.train, validation };
  return { train: sampleDataset(split.train, perClass, seed).sample, validation };
}
