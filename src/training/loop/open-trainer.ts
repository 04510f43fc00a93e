/** Which way a network is trained: as one native graph, or operation by operation. */
import { ZooError } from '../../core/errors.js';
import type { Dataset } from '../../data/dataset.js';
import { tf } from '../../runtime/tensorflow.js';
import { disposeBatch } from '../../transfer/prepare/preparer.js';
import { eagerTrainer } from './eager-trainer.js';
import { graphTrainer } from './graph-trainer.js';
import type { Trainer, TrainerOptions } from './trainer.js';

/** Making a graph takes seconds, which so many examples, counted in every epoch, earn back. */
const WORTH_A_GRAPH = 200;
/** What the graph is traced with; two, as a batch of one may hide what depends on the number of examples. */
const TRACED = 2;

export interface OpenedTrainer {
  readonly trainer: Trainer;
  /** Why it is no graph; undefined where it is one, or so few steps that none was made. */
  readonly refusal: string | undefined;
}

/**
 * Which way depends on the number of examples alone, so that the same data give the same bytes; but for statistics of the
 * batch, which only a graph has.
 * @throws ZooError `DATA` where a network can't be a graph and must be.
 */
export async function openTrainer(
  options: TrainerOptions,
  dataset: Dataset,
  epochs: number,
  signal: AbortSignal | undefined,
): Promise<OpenedTrainer> {
  const mustBeGraph = options.normalisation === 'batch';
  if (epochs * dataset.examples.length < WORTH_A_GRAPH && !mustBeGraph) {
    return { trainer: eagerTrainer(options), refusal: undefined };
  }
  const { preparer } = options.backbone;
  const prepared = await Promise.all(
    dataset.examples.slice(0, TRACED).map(async (example) => preparer.prepare(await example.load(signal))),
  );
  const batch = preparer.batch(prepared, options.positions);
  const rows = prepared.reduce((sum, one) => sum + one.rows, 0);
  const { outputs } = options.head;
  const targets = tf.tidy(() => tf.zeros([rows, outputs]).as2D(rows, outputs));
  let refusal: string | undefined;
  try {
    const graph = await graphTrainer(options, { batch, targets }, (reason) => {
      refusal = reason;
    });
    if (graph === undefined && mustBeGraph) {
      throw new ZooError('DATA', 'This network can not be trained with the statistics of each batch', {
        expected: 'a network whose training is one native graph',
        found: refusal,
        hint: 'Leave batch normalisation on the statistics that are stored.',
      });
    }
    return { trainer: graph ?? eagerTrainer(options), refusal: graph === undefined ? refusal : undefined };
  } finally {
    disposeBatch(batch);
    targets.dispose();
  }
}
