/** A backbone with a head of its own: what is trained, asked, measured and saved. */
import type { Digest } from '../core/digest.js';
import { ZooError } from '../core/errors.js';
import type { Dataset } from '../data/dataset.js';
import type { Backbone } from '../transfer/backbone.js';
import { checkFit } from '../transfer/check-fit.js';
import { startFreezeAudit } from '../transfer/freeze-audit.js';
import type { FittedHead } from '../transfer/heads/fitted-head.js';
import type { Head } from '../transfer/heads/head.js';
import type { Prepared } from '../transfer/prepare/preparer.js';
import { dataDigest, exampleDigests } from './features/example-digests.js';
import { extractFeatures } from './features/extract-features.js';
import type { FeatureProgress } from './features/feature-progress.js';
import type { FeatureTable, Unreadable } from './features/feature-table.js';
import { type Prediction, type PredictOptions, predict, type Scorer } from './predict/predict.js';
import { fitHead } from './solve/fit-head.js';
import type { FitEvidence, FitOptions } from './solve/fit-options.js';

export interface AdaptedModelOptions {
  /** Folder of the feature cache; without it features are computed again by every run. */
  readonly featureCache?: string | undefined;
}

export interface TrainOptions extends FitOptions {
  /** `head` (option 1): only the new output layer learns, on features that are computed once. */
  readonly train?: 'head' | undefined;
  /** Examples that go through the network together, default 32. Part of the feature cache's key. */
  readonly networkBatch?: number | undefined;
  readonly onFeatures?: ((progress: FeatureProgress) => void) | undefined;
}

export interface TrainReport {
  readonly evidence: FitEvidence;
  /** Digest of the examples that it learnt from. */
  readonly data: Digest;
  /** Examples whose features the network computed now; the others were in the cache. */
  readonly computed: number;
  readonly unreadable: readonly Unreadable[];
  /** What was done to the examples to make them fit, each once. */
  readonly notes: readonly string[];
}

export class AdaptedModel implements Scorer {
  readonly backbone: Backbone;
  readonly head: Head;
  readonly #options: AdaptedModelOptions;
  #fitted: FittedHead | undefined;

  /** @param fitted the numbers of the head, where they are known already. */
  constructor(backbone: Backbone, head: Head, options: AdaptedModelOptions = {}, fitted?: FittedHead) {
    this.backbone = backbone;
    this.head = head;
    this.#options = options;
    this.#fitted = fitted;
  }

  get preparer(): Backbone['preparer'] {
    return this.backbone.preparer;
  }

  get labels(): readonly string[] {
    return this.head.labels;
  }

  /** The trained head. @throws ZooError `USAGE` before the first `fit`. */
  get fitted(): FittedHead {
    if (this.#fitted !== undefined) return this.#fitted;
    throw new ZooError('USAGE', 'This model has not been trained yet', { hint: 'Call fit first.' });
  }

  /**
   * Trains the head on features that the frozen backbone gives once for each example.
   * @throws ZooError `DATA` for data that fit neither network nor head; `USAGE` for options; `FAILED` when a frozen
   * weight changed; the signal's reason: features that are finished then stay in the cache.
   */
  async fit(dataset: Dataset, options: TrainOptions = {}): Promise<TrainReport> {
    const { train = 'head', networkBatch, onFeatures, ...fitting } = options;
    if (train !== 'head') {
      throw new ZooError('USAGE', 'Only the head can be trained', { expected: 'head', found: String(train) });
    }
    const { backbone } = this;
    const { signal } = fitting;
    await checkFit(backbone, dataset, { signal });
    backbone.preparer.forgetNotes();
    const audit = await startFreezeAudit(backbone.network);
    const digests = await exampleDigests(dataset.examples, signal);
    const table = await extractFeatures(backbone, dataset, {
      batchSize: networkBatch,
      cache: this.#options.featureCache,
      digests,
      onProgress: onFeatures,
      signal,
    });
    const { fitted, evidence } = await fitHead(this.head, table, fitting);
    await audit.verify();
    this.#fitted = fitted;
    const { computed, unreadable } = table;
    return { evidence, data: dataDigest(digests), computed, unreadable, notes: backbone.preparer.notes };
  }

  /** Features of labelled data, as `fit` and `evaluate` see them. @throws as `fit`. */
  features(
    dataset: Dataset,
    options: Pick<TrainOptions, 'networkBatch' | 'onFeatures' | 'signal'> = {},
  ): Promise<FeatureTable> {
    const { networkBatch, onFeatures, signal } = options;
    return extractFeatures(this.backbone, dataset, {
      batchSize: networkBatch,
      cache: this.#options.featureCache,
      onProgress: onFeatures,
      signal,
    });
  }

  /** Answers for examples, in order. @throws ZooError `USAGE` before the first `fit`; else as `predict`. */
  predict(dataset: Dataset, options: PredictOptions = {}): AsyncGenerator<Prediction> {
    return predict(this, dataset, options);
  }

  async scores(prepared: readonly Prepared[]): Promise<Float32Array> {
    const { fitted } = this;
    return fitted.scores(await this.backbone.featuresOf(prepared), prepared.length);
  }

  /** Frees the network. */
  dispose(): void {
    this.backbone.dispose();
  }
}
