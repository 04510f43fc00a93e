/** Option 1, and option 2 from there on, with a pretrained network. */
import type { Dataset } from '../../../src/data/dataset.js';
import type { AdaptedModel } from '../../../src/training/adapted-model.js';
import type { AdaptingZoo, OpenBackboneOptions } from '../../../src/training/adapting-zoo.js';
import { classifier } from '../../../src/transfer/heads/classifier.js';
import { balanced } from '../accuracy/learn-rows.js';
import type { Draw } from '../accuracy/trial.js';

const BATCH = 16;
const EPOCHS = 10;
const FEWEST_STEPS = 60;
const MOST_STEPS = 640;

export interface PretrainedNetwork {
  readonly reference: string;
  readonly options?: OpenBackboneOptions;
}

export interface Pretrained {
  /** Accuracy of option 1. */
  readonly probe: number;
  /** Accuracy of option 2. */
  readonly tuned: number;
  /** Whether option 2 was one native graph. */
  readonly way: string;
}

export async function pretrained(
  zoo: AdaptingZoo,
  { reference, options }: PretrainedNetwork,
  { train, test, seed, perClass }: Draw,
): Promise<Pretrained> {
  const backbone = await zoo.backbone(reference, options);
  const model = backbone.withHead(classifier({ labels: train.labels, scaling: 'unit-length' }));
  try {
    // One example of a class can't be cross-validated.
    const first = await model.fit(train, { seed, c: perClass < 2 ? 1 : undefined });
    const probe = await accuracyOf(model, test);
    const c = first.evidence.c ?? 1;
    const fineTune = { epochs: epochsFor(train.examples.length), batchSize: BATCH };
    const { fineTuned } = await model.fit(train, { seed, c, train: 'all', fineTune });
    return { probe, tuned: await accuracyOf(model, test), way: fineTuned?.way ?? 'untrained' };
  } finally {
    model.dispose();
  }
}

function epochsFor(examples: number): number {
  const steps = Math.ceil(examples / BATCH);
  const most = Math.max(1, Math.floor(MOST_STEPS / steps));
  return Math.min(most, Math.max(EPOCHS, Math.ceil(FEWEST_STEPS / steps)));
}

async function accuracyOf(model: AdaptedModel, test: Dataset): Promise<number> {
  return balanced((await model.evaluate(test)).report);
}
