/** A new network learns a data set: body and dense layers together. */
import type { UntrainedNetwork } from '../../architectures/untrained/untrained.js';
import type { Dataset } from '../../data/dataset.js';
import type { Network } from '../../formats/network.js';
import type { Backbone } from '../../transfer/backbone.js';
import type { Variation } from '../features/vary.js';
import { ExampleBatches } from '../loop/batches.js';
import type { Checkpoint } from '../loop/checkpoint.js';
import { openTrainer } from '../loop/open-trainer.js';
import type { Optimizer } from '../loop/optimizer.js';
import { settleStatistics } from '../loop/settle-statistics.js';
import { targetsOf } from '../loop/target-rows.js';
import { type LoopOptions, trainLoop } from '../loop/train-loop.js';
import type { Trainer } from '../loop/trainer.js';
import { assignHead, scratchHead } from './scratch-head.js';

export interface Lesson {
  /** The whole network, cut where its body ends. */
  readonly backbone: Backbone;
  readonly untrained: UntrainedNetwork;
  readonly dataset: Dataset;
  readonly augment: Variation | undefined;
  readonly checkpoint: Checkpoint | undefined;
}

export interface Learnt {
  readonly way: Trainer['way'];
  readonly refusal: string | undefined;
  readonly losses: readonly number[];
  readonly resumedFrom: number;
  /** Examples that the statistics of BatchNorm are of; undefined where there is none. */
  readonly statisticsOf: number | undefined;
}

/** All weights are in the network afterwards. @throws ZooError as `trainLoop` and `openTrainer`; the network is of no use then. */
export async function learn(
  { backbone, untrained, dataset, augment, checkpoint }: Lesson,
  { optimizer, ...loop }: LoopOptions & { readonly optimizer: Optimizer },
): Promise<Learnt> {
  const { network, preparer } = backbone;
  const { head, start, names } = await scratchHead(untrained, network, dataset.labels);
  const trainable = bodyParameters(network, new Set(names.values()));
  const normalisation = untrained.batchStatistics ? 'batch' : 'stored';
  const parts = { backbone, head, start, trainable, given: [], optimizer, normalisation } as const;
  const { trainer, refusal } = await openTrainer(parts, dataset, loop.epochs, loop.signal);
  preparer.forgetNotes();
  const varied = augment === undefined ? undefined : { variation: augment, seed: loop.seed };
  const source = new ExampleBatches(preparer, dataset, varied);
  let finished = false;
  try {
    const learn = dataset.examples.map((_, index) => index);
    const data = { head, source, targets: targetsOf(head, dataset), learn, watch: [] };
    const { losses, resumedFrom } = await trainLoop(trainer, data, loop, checkpoint);
    const followed = trainer.changing.filter((name) => !trainable.includes(name));
    const statisticsOf =
      followed.length === 0 ? undefined : await settleStatistics(trainer, data, followed, loop);
    finished = true;
    assignHead(network, names, await trainer.finish());
    return { way: trainer.way, refusal, losses, resumedFrom, statisticsOf };
  } finally {
    if (!finished) await trainer.finish();
  }
}

/** Of the layers in front of the dense ones. */
function bodyParameters({ parameters }: Network, dense: ReadonlySet<string>): string[] {
  return [...parameters.values()].flatMap(({ name, trainable }) =>
    trainable && !dense.has(name) ? [name] : [],
  );
}
