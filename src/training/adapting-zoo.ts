/** The zoo with all that needs TensorFlow, which is loaded when it is first needed. */
import { join, resolve } from 'node:path';
import type { Dataset } from '../data/dataset.js';
import type { Backbone, BackboneOptions } from '../transfer/backbone.js';
import type { Head } from '../transfer/heads/head.js';
import type { FromZooOptions, OpenDataOptions, PulledNetwork } from '../transfer/open-data.js';
import { Zoo, type ZooOptions } from '../zoo/open-zoo.js';
import type { AdaptedModel } from './adapted-model.js';
import type { ChooseFeaturesOptions, ChosenFeatures, FeatureChoice } from './choose/choose-features.js';
import type { NetworkScorer } from './predict/network-scorer.js';
import type { TrainNetworkOptions } from './scratch/train-network.js';
import type { TrainedNetwork } from './scratch/trained-network.js';

/** Opens the zoo. Index, network, cache and TensorFlow are opened when they are first needed. */
export async function openZoo(options: ZooOptions = {}): Promise<AdaptingZoo> {
  return new AdaptingZoo(options);
}

export interface OpenBackboneOptions
  extends FromZooOptions,
    Pick<BackboneOptions, 'cut' | 'pooling' | 'prepare'> {
  /** Threads of TensorFlow; the first use in a process decides. `ZOO_THREADS`, else all cores by default. */
  readonly threads?: number | undefined;
}

export type LoadOptions = Omit<OpenBackboneOptions, 'cut' | 'pooling' | 'prepare'>;
export type OpenClassifierOptions = Omit<OpenBackboneOptions, 'cut' | 'pooling'>;

/** A frozen backbone, ready for a head. */
export interface AdaptableBackbone extends Backbone {
  /** The backbone with a new output layer, to be trained. */
  withHead(head: Head): AdaptedModel;
}

export class AdaptingZoo extends Zoo {
  /** Where features are kept between runs. */
  get featureCache(): string {
    return join(this.home, 'features');
  }

  /** Where runs of option 2 write down how far they are. */
  get checkpoints(): string {
    return join(this.home, 'checkpoints');
  }

  /**
   * Pulls a network where it is not installed, opens it and drops its output layer.
   * @throws ZooError of the pull; `NO_RUNTIME`; as `openBackbone`.
   */
  async backbone(reference: string, options: OpenBackboneOptions = {}): Promise<AdaptableBackbone> {
    const { threads, cut, pooling, prepare, ...pulling } = options;
    const network = await this.#pullNetwork(reference, threads, pulling);
    const [{ openBackbone }, { AdaptedModel }] = await Promise.all([
      import('../transfer/backbone.js'),
      import('./adapted-model.js'),
    ]);
    const backbone = await openBackbone({ ...network, cut, pooling, prepare });
    const { featureCache } = this;
    return Object.assign(backbone, {
      withHead: (head: Head) => new AdaptedModel(backbone, head, { featureCache }),
    });
  }

  /**
   * Where to cut, how to pool and how large pictures should be, found by cross-validation on your own examples; see
   * `chooseFeatures`. Give `backbone` the `choice`, and its `withHead` the `head`.
   * @param heads such as the same one with different scaling; at least one.
   */
  async chooseFeatures(
    reference: string,
    heads: readonly Head[],
    dataset: Dataset,
    options: LoadOptions & Omit<ChooseFeaturesOptions, 'featureCache'> = {},
  ): Promise<ChosenFeatures> {
    const { threads, onEvent, ...choosing } = options;
    const network = await this.#pullNetwork(reference, threads, { onEvent, signal: options.signal });
    const [{ openBackbone }, { chooseFeatures }] = await Promise.all([
      import('../transfer/backbone.js'),
      import('./choose/choose-features.js'),
    ]);
    const open = (choice: FeatureChoice) => openBackbone({ ...network, ...choice });
    return chooseFeatures(open, heads, dataset, { ...choosing, featureCache: this.featureCache });
  }

  /**
   * Opens the folder of an adapted model, and the network that it was made from, which is pulled where it is not
   * installed.
   * @throws ZooError `NOT_FOUND` when there is no adapted model; `INTEGRITY` for damaged files, and for a base that is
   * another one than it was made from; `NO_RUNTIME`; of the pull.
   */
  async load(folder: string, options: LoadOptions = {}): Promise<AdaptedModel> {
    const { threads, signal } = options;
    const path = resolve(this.cwd, folder);
    const { readAdapted } = await import('../transfer/adapted/read-adapted.js');
    const adapted = await readAdapted(path, signal);
    await this.#openTensorFlow(threads);
    const { loadModel } = await import('./load-model.js');
    return loadModel(this, adapted, { ...options, featureCache: this.featureCache });
  }

  /** A network with its own output layer, to classify with. @throws ZooError as `backbone`; `DATA` without classes. */
  async classifier(reference: string, options: OpenClassifierOptions = {}): Promise<NetworkScorer> {
    const { threads, prepare, ...pulling } = options;
    const { folder, card } = await this.#pullNetwork(reference, threads, pulling);
    const [{ openClassifier }, { NetworkScorer: Scorer }] = await Promise.all([
      import('../transfer/classifier.js'),
      import('./predict/network-scorer.js'),
    ]);
    return new Scorer(await openClassifier({ folder, card, prepare }));
  }

  /**
   * Makes a network of an architecture and trains it from scratch; see `trainNetwork`.
   * @throws ZooError `NO_RUNTIME`; as `trainNetwork`.
   */
  async train(
    architecture: string,
    dataset: Dataset,
    { threads, ...options }: TrainNetworkOptions & Pick<OpenBackboneOptions, 'threads'> = {},
  ): Promise<TrainedNetwork> {
    await this.#openTensorFlow(threads);
    const { trainNetwork } = await import('./scratch/train-network.js');
    return trainNetwork(architecture, dataset, options);
  }

  async #pullNetwork(
    reference: string,
    threads: number | undefined,
    pulling: FromZooOptions,
  ): Promise<PulledNetwork> {
    await this.#openTensorFlow(threads);
    const { pullNetwork } = await import('../transfer/open-data.js');
    return pullNetwork(this, reference, pulling);
  }

  /** Before anything is fetched: without a runtime it would be fetched for nothing. */
  async #openTensorFlow(threads: number | undefined): Promise<void> {
    const { openTensorFlow } = await import('../runtime/tensorflow.js');
    openTensorFlow({ env: this.env, home: this.home, cwd: this.cwd, threads });
  }

  /** Local data by path, or a ready data set by name. @throws ZooError as `openData`. */
  async data(pathOrReference: string, options: Omit<OpenDataOptions, 'cwd'> = {}): Promise<Dataset> {
    const { openData } = await import('../transfer/open-data.js');
    return openData(this, pathOrReference, { ...options, cwd: this.cwd });
  }
}
