/** Supervised pre-training from scratch: step one of transfer learning. */
import { architectureCalled, buildUntrained } from '../../architectures/untrained/architectures.js';
import { type Digest, sha256 } from '../../core/digest.js';
import { ZooError } from '../../core/errors.js';
import { requireClasses } from '../../data/balance.js';
import type { Dataset } from '../../data/dataset.js';
import type { Network, TensorSpec } from '../../formats/network.js';
import { LayersNetwork } from '../../formats/tfjs-layers/layers-network.js';
import { cardDigest } from '../../registry/canonical-card.js';
import { backboneOf } from '../../transfer/backbone.js';
import { checkFit } from '../../transfer/check-fit.js';
import { imagePreparer } from '../../transfer/prepare/prepare-images.js';
import { dataDigest, exampleDigests } from '../features/example-digests.js';
import type { Variation } from '../features/vary.js';
import { Checkpoint, type CheckpointOptions } from '../loop/checkpoint.js';
import { type Optimizer, type OptimizerName, optimizerOf } from '../loop/optimizer.js';
import type { Schedule } from '../loop/schedule.js';
import { checkLoop, type LoopOptions, type LoopProgress } from '../loop/train-loop.js';
import { drawInitialValues } from './initial-values.js';
import { learn } from './learn.js';
import { pictureInput, unsavedCard } from './network-card.js';
import { pictureShape } from './picture-shape.js';
import { TrainedNetwork } from './trained-network.js';

export interface TrainNetworkOptions {
  /** Side of the pictures in pixels; as the examples are by default, at most 64 and what the architecture takes. */
  readonly size?: number | undefined;
  /** 1 for grey, 3 for RGB; as the examples are by default. */
  readonly channels?: number | undefined;
  /** Default `adam`. */
  readonly optimizer?: OptimizerName | undefined;
  /** Of AdamW; see `optimizerOf`. */
  readonly weightDecay?: number | undefined;
  /** Default 12. */
  readonly epochs?: number | undefined;
  /** Default 32, and 128 from 10,000 examples on. */
  readonly batchSize?: number | undefined;
  /** Highest of the schedule; by default 1e-3 for Adam and AdamW, 1e-2 for SGD. */
  readonly learningRate?: number | undefined;
  /** Default `cosine`, after a warm-up over a tenth of the steps. */
  readonly schedule?: Schedule | undefined;
  /** Varies each picture by chance, anew in every epoch; by default they stay as they are. */
  readonly augment?: Variation | undefined;
  /** Where checkpoints lie: a run that was killed goes on from there. By default there are none. */
  readonly checkpoints?: Omit<CheckpointOptions, 'key'> | undefined;
  /** Of initial values, order and dropped units. Default 0. */
  readonly seed?: number | undefined;
  /** sha256 of the examples, where they are known already: then no file is hashed again. */
  readonly digests?: readonly Digest[] | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: LoopProgress) => void) | undefined;
}

const DEFAULT_EPOCHS = 12;
const BATCH = 32;
/** Larger batches pay off where there are many. */
const LARGE = { batch: 128, examples: 10_000 };
const RATES: Readonly<Record<OptimizerName, number>> = { adam: 1e-3, adamw: 1e-3, sgd: 1e-2 };

/**
 * Makes a network of an architecture and teaches it all classes of a data set. The same data, options and seed give the
 * same weights on the same machine.
 * @param dataset pictures with one label each; every example must be readable.
 * @returns the network, the caller's to dispose.
 * @throws ZooError `NOT_FOUND` for an unknown architecture; `DATA` for data that are no pictures, a single class, and
 *   examples that can't be read; `USAGE` for options; `FAILED` when training diverges; `NO_RUNTIME`; the signal's reason.
 */
export async function trainNetwork(
  architectureName: string,
  dataset: Dataset,
  options: TrainNetworkOptions = {},
): Promise<TrainedNetwork> {
  const architecture = architectureCalled(architectureName);
  const { signal, seed = 0 } = options;
  const shape = await pictureShape(dataset, options, architecture.smallest, signal);
  requireClasses(dataset);
  const settings = settingsOf(dataset, options);
  checkLoop(settings);
  const { labels } = dataset;
  const untrained = buildUntrained(architecture, shape, labels.length);
  const network = new LayersNetwork(untrained.model);
  try {
    if (untrained.batchStatistics) requireStatistics(settings);
    drawInitialValues(network, seed);
    const preparer = imagePreparer(pictureInput(shape), onlyInput(network));
    const facts = { architecture, shape, labels, untrained, network };
    const card = unsavedCard(facts);
    await checkFit({ card, preparer }, dataset, { signal });
    const digest = dataDigest(options.digests ?? (await exampleDigests(dataset.examples, signal)));
    const backbone = backboneOf({ network, preparer, card, digest: cardDigest(card) }, untrained.body);
    const { augment } = options;
    const key = runKey({ architecture: architecture.name, shape, labels, digest, settings, augment });
    const checkpoint = await openCheckpoint(options, key);
    const learnt = await learn({ backbone, untrained, dataset, augment, checkpoint }, settings);
    const { examples, origin } = dataset;
    const data = { origin, examples: examples.length, digest };
    const how = { ...reported(settings), augmented: augment !== undefined, seed, data };
    const report = { ...how, ...learnt, notes: preparer.notes };
    return new TrainedNetwork(facts, preparer, report, checkpoint);
  } catch (error) {
    network.dispose();
    throw error;
  }
}

/** @throws ZooError `USAGE` for batches that are no more than an example. */
function requireStatistics({ batchSize }: LoopOptions): void {
  if (batchSize > 1) return;
  throw new ZooError('USAGE', 'Batch normalisation takes its statistics from several pictures in a batch', {
    expected: '2 or more',
    found: batchSize,
  });
}

type Settings = LoopOptions & { readonly optimizer: Optimizer };

function settingsOf({ examples }: Dataset, options: TrainNetworkOptions): Settings {
  const { optimizer: name = 'adam', epochs = DEFAULT_EPOCHS, schedule = 'cosine', seed = 0 } = options;
  const { signal, onProgress } = options;
  const batchSize = options.batchSize ?? (examples.length < LARGE.examples ? BATCH : LARGE.batch);
  const learningRate = options.learningRate ?? RATES[name];
  // Nothing is watched, so there is nothing to lose patience with.
  const patience = epochs;
  return {
    optimizer: optimizerOf(name, options.weightDecay),
    ...{ epochs, batchSize, learningRate, schedule, seed, patience, signal, onProgress },
  };
}

/** What a report says of them. */
function reported({ optimizer, learningRate, schedule, epochs, batchSize }: Settings) {
  return { optimizer, learningRate, schedule, epochs, batchSize };
}

/** Raised when the same run would go on differently. */
const RUN_VERSION = 1;

/** Names everything that a run depends on. */
function runKey(parts: { readonly settings: Settings } & Readonly<Record<string, unknown>>): Digest {
  const settings = { ...parts.settings, signal: undefined };
  return sha256(JSON.stringify({ version: RUN_VERSION, ...parts, settings }));
}

async function openCheckpoint(
  { checkpoints }: TrainNetworkOptions,
  key: Digest,
): Promise<Checkpoint | undefined> {
  return checkpoints === undefined ? undefined : Checkpoint.open({ ...checkpoints, key });
}

function onlyInput({ inputs: [input] }: Network): TensorSpec {
  if (input === undefined) throw new RangeError('a network needs an input');
  return input;
}
