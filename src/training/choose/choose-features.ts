/**
 * Where to cut, how to pool and how large pictures should be, by cross-validation on the person's own examples. What a
 * card names is best for data like that of the pre-training; for other data, such as handwritten digits, earlier layers
 * that know edges and curves and where they are often tell more (Yosinski et al. 2014, "How transferable are features in
 * deep neural networks?", arXiv 1411.1792).
 */
import { ZooError } from '../../core/errors.js';
import type { Dataset } from '../../data/dataset.js';
import { subset } from '../../data/make-dataset.js';
import { Random } from '../../data/random.js';
import { sampleDataset } from '../../data/sample-dataset.js';
import type { LayerInfo, Shape } from '../../formats/network.js';
import type { Backbone, BackboneOptions } from '../../transfer/backbone.js';
import { candidateCuts } from '../../transfer/candidate-cuts.js';
import { checkFit } from '../../transfer/check-fit.js';
import type { Head } from '../../transfer/heads/head.js';
import { type Pooling, pooledWidth } from '../../transfer/pooling.js';
import { extractFeatures } from '../features/extract-features.js';
import { fitHead } from '../solve/fit-head.js';
import type { Validation } from '../solve/fit-options.js';
import { pictureSizes } from './picture-sizes.js';

/** What is chosen about a backbone. */
export type FeatureChoice = Pick<BackboneOptions, 'cut' | 'pooling' | 'prepare'>;

export interface Tried {
  readonly cut: string;
  readonly pooling: Pooling;
  /** Side of the pictures in pixels; undefined for other inputs, and where the network takes one size only. */
  readonly size: number | undefined;
  /** Length of a feature vector. */
  readonly width: number;
  readonly scaling: Head['scaling'];
  /** With the best C. */
  readonly validation: Validation;
}

export interface ChosenFeatures {
  readonly choice: FeatureChoice;
  readonly head: Head;
  /** The best first. */
  readonly tried: readonly Tried[];
  /** Examples that it was judged by. */
  readonly examples: number;
}

export interface ChooseFeaturesOptions {
  readonly seed?: number | undefined;
  /** Most examples to judge by; with more a stratified sample is taken. Default 500. */
  readonly examples?: number | undefined;
  /** Folder of the feature cache. */
  readonly featureCache?: string | undefined;
  readonly networkBatch?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Without pooling a vector may get long, and its fit slow. */
const LONGEST_VECTOR = 16_384;
const FOLDS = 5;

/**
 * Of equal scores the one with the smaller loss wins, then the one nearest to the card's.
 * @param open opens the network anew; what it opens is disposed here.
 * @param heads such as the same one with different scaling; at least one.
 * @throws ZooError `DATA` for too few examples to cross-validate; of `open` and `fitHead`; the signal's reason.
 */
export async function chooseFeatures(
  open: (choice: FeatureChoice) => Promise<Backbone>,
  heads: readonly Head[],
  dataset: Dataset,
  options: ChooseFeaturesOptions = {},
): Promise<ChosenFeatures> {
  const { seed = 0, examples = 500, signal, onProgress } = options;
  const sample = upTo(dataset, examples, seed);
  const choices = await candidates(open, sample, signal);
  const tried: { choice: FeatureChoice; head: Head; result: Tried }[] = [];
  for (const [index, choice] of choices.entries()) {
    signal?.throwIfAborted();
    onProgress?.(index, choices.length);
    const backbone = await open(choice);
    try {
      const table = await extractFeatures(backbone, sample, {
        cache: options.featureCache,
        batchSize: options.networkBatch,
        signal,
      });
      for (const head of heads) {
        const { evidence } = await fitHead(head, table, { seed, folds: FOLDS, signal });
        if (evidence.validation === null) throw tooFew(sample);
        const { cut, pooling, width } = backbone;
        const size = choice.prepare?.size?.height;
        const result = { cut, pooling, size, width, scaling: head.scaling, validation: evidence.validation };
        tried.push({ choice, head, result });
      }
    } finally {
      backbone.dispose();
    }
  }
  onProgress?.(choices.length, choices.length);
  const order = tried.toSorted(({ result: a }, { result: b }) => {
    return b.validation.mean - a.validation.mean || a.validation.loss - b.validation.loss;
  });
  const [best] = order;
  if (best === undefined) throw tooFew(sample);
  const { choice, head } = best;
  return { choice, head, tried: order.map(({ result }) => result), examples: sample.examples.length };
}

/** The card's own choice first, then sizes from large to small, cuts from late to early. */
async function candidates(
  open: (choice: FeatureChoice) => Promise<Backbone>,
  sample: Dataset,
  signal: AbortSignal | undefined,
): Promise<FeatureChoice[]> {
  const own = await open({});
  const ownLayers = own.network.layers;
  let cuts: string[];
  let sizes: readonly (number | undefined)[];
  let usual: Pooling;
  try {
    await checkFit(own, sample, { signal });
    cuts = candidateCuts(ownLayers, own.cut).reverse();
    sizes = await pictureSizes(own, sample, signal);
    usual = own.pooling;
  } finally {
    own.dispose();
  }
  const choices: FeatureChoice[] = [{}];
  for (const size of sizes) {
    const prepare = size === undefined ? undefined : { size: { height: size, width: size } };
    const layers = prepare === undefined ? ownLayers : await layersOf(open, { prepare });
    const shapes = new Map(layers.map(({ name, shape }) => [name, shape]));
    for (const cut of cuts) {
      const isCard = size === undefined && cut === cuts[0];
      for (const pooling of poolingsOf(shapes.get(cut), usual, sample.modality !== 'image')) {
        if (!isCard || pooling !== usual) choices.push({ cut, pooling, prepare });
      }
    }
  }
  return choices;
}

async function layersOf(
  open: (choice: FeatureChoice) => Promise<Backbone>,
  choice: FeatureChoice,
): Promise<readonly LayerInfo[]> {
  const backbone = await open(choice);
  const { layers } = backbone.network;
  backbone.dispose();
  return layers;
}

/** Ways to pool that give vectors which are not too long; those of one vector a row all come to the same. */
function poolingsOf(shape: Shape | undefined, usual: Pooling, inTime: boolean): Pooling[] {
  if (shape === undefined || shape.length < 3) return [usual];
  // Over time alone, which pictures don't have: it keeps bands or keys.
  const others: readonly Pooling[] = shape.length > 3 && inTime ? ['frames', 'none'] : ['none'];
  const isShort = (pooling: Pooling) => {
    const width = pooledWidth(shape, pooling);
    return width !== undefined && width <= LONGEST_VECTOR && width !== shape.at(-1);
  };
  return ['average', ...others.filter(isShort)];
}

function upTo(dataset: Dataset, most: number, seed: number): Dataset {
  const { examples, labels } = dataset;
  if (examples.length <= most) return dataset;
  if (labels.length > 0)
    return sampleDataset(dataset, Math.max(2, Math.floor(most / labels.length)), seed).sample;
  const chosen = new Set(Random.seeded(seed, 'choose features').shuffled(examples).slice(0, most));
  return subset(
    dataset,
    examples.filter((example) => chosen.has(example)),
  );
}

function tooFew({ origin, examples }: Dataset): ZooError {
  return new ZooError('DATA', `${origin} has too few examples to choose a layer by`, {
    expected: 'at least two of each class',
    found: examples.length,
    hint: 'Name a layer, or take what the card names.',
  });
}
