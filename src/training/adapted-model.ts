/** A backbone with a head of its own: what is trained, asked, measured and saved. */
import type { Digest } from '../core/digest.js';
import { ZooError } from '../core/errors.js';
import type { Dataset } from '../data/dataset.js';
import { subset } from '../data/make-dataset.js';
import { openInputs } from '../data/open-inputs.js';
import type { Card } from '../registry/card.js';
import type { Backbone } from '../transfer/backbone.js';
import { checkFit } from '../transfer/check-fit.js';
import { startFreezeAudit } from '../transfer/freeze-audit.js';
import type { FittedHead } from '../transfer/heads/fitted-head.js';
import type { Head } from '../transfer/heads/head.js';
import type { Prepared } from '../transfer/prepare/preparer.js';
import { type ChooseTrainingOptions, chooseTraining } from './choose/choose-training.js';
import { type EvaluateOptions, evaluate } from './evaluate/evaluate.js';
import type { EvaluationReport } from './evaluate/report.js';
import { type CopyOptions, rowGroups, withCopies } from './features/augmented-copies.js';
import { dataDigest, exampleDigests } from './features/example-digests.js';
import { extractFeatures } from './features/extract-features.js';
import type { FeatureProgress } from './features/feature-progress.js';
import type { FeatureTable, Unreadable } from './features/feature-table.js';
import type { Checkpoint } from './loop/checkpoint.js';
import { fineTune } from './loop/fine-tune.js';
import type { FineTuned, FineTuneOptions } from './loop/fine-tune-options.js';
import { changedWeights } from './loop/what-trains.js';
import { type Prediction, type PredictOptions, predict, type Scorer } from './predict/predict.js';
import { type SaveModelOptions, saveModel } from './save-model.js';
import { fitHead } from './solve/fit-head.js';
import type { FitOptions } from './solve/fit-options.js';
import type { FineTuneReport, TrainReport } from './train-report.js';
import { type TuningStart, tuningStart } from './tuning-start.js';

export interface AdaptedModelOptions {
  /** Folder of the feature cache; without it features are computed again by every run. */
  readonly featureCache?: string | undefined;
}

/** How the network is run, and what listens. */
export interface FeatureRunOptions {
  /** Examples that go through the network together, default 32. Part of the feature cache's key. */
  readonly networkBatch?: number | undefined;
  readonly onFeatures?: ((progress: FeatureProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface TrainOptions extends FeatureRunOptions, Omit<FitOptions, 'groups' | 'signal'> {
  /**
   * `head` (option 1, default): only the new output layer learns, on features that are computed once. `all`, or the name
   * of a layer (option 2): then everything, or everything from that layer on, is trained further from where it is.
   * `auto` tries the first two by cross-validation: see `chooseTraining`.
   */
  readonly train?: string | undefined;
  /** Of option 2. */
  readonly fineTune?: Omit<FineTuneOptions, 'from' | 'seed' | 'signal'> | undefined;
  /** Of `auto`, fold by fold. */
  readonly onChoosing?: ChooseTrainingOptions['onProgress'];
  /** Varied copies of each example that are learnt from too, default 0; see `withCopies`. */
  readonly copies?: number | undefined;
  /** How copies vary. */
  readonly augment?: Pick<CopyOptions, 'image' | 'audio'> | undefined;
}

export interface Evaluation {
  readonly report: EvaluationReport;
  /** Examples that were left out. */
  readonly unreadable: readonly Unreadable[];
  readonly notes: readonly string[];
}

export class AdaptedModel implements Scorer {
  readonly backbone: Backbone;
  readonly head: Head;
  readonly #options: AdaptedModelOptions;
  #fitted: FittedHead | undefined;
  #trained: TrainReport | undefined;
  /** False once weights of the network were trained. */
  #pristine = true;
  /** Parameters of the network that were trained. */
  #changed: readonly string[] = [];
  /** From which a run that was killed before `save` would go on. */
  #checkpoint: Checkpoint | undefined;

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
   * Trains the head on features that the frozen backbone gives once for each example; with `train` other than `head`
   * network and head together after that. Another `fit` of a network that was trained goes on from where it is.
   * @throws ZooError `DATA` for data that fit neither network nor head; `USAGE` for options; `FAILED` when a frozen
   * weight changed; the signal's reason: features that are finished then stay in the cache.
   */
  async fit(dataset: Dataset, options: TrainOptions = {}): Promise<TrainReport> {
    const {
      train: wanted = 'head',
      onChoosing,
      fineTune: further,
      networkBatch,
      onFeatures,
      copies = 0,
      augment,
      ...fitting
    } = options;
    const { backbone } = this;
    const { signal, seed = 0 } = fitting;
    await checkFit(backbone, dataset, { signal });
    const varied = withCopies(dataset, { copies, seed, ...augment });
    const audit = await startFreezeAudit(backbone.network);
    const digests = await exampleDigests(dataset.examples, signal);
    const listening = { networkBatch, onFeatures, signal };
    const table = await this.#features(varied, listening, copies === 0 ? digests : undefined);
    const { notes } = backbone.preparer;
    const groups = rowGroups(varied, copies, digests, table.names);
    const probe = await fitHead(this.head, table, { ...fitting, groups });
    const { fitted, evidence } = probe;
    await audit.verify();
    const { computed, unreadable } = table;
    const readable = readableOf(varied, unreadable);
    const choice =
      wanted === 'auto'
        ? await chooseTraining(backbone, probe, readable, table, {
            ...{ seed, signal, onProgress: onChoosing, fineTune: further ?? {} },
            fitting: { ...fitting, groups },
          })
        : undefined;
    const train = choice?.train ?? wanted;
    const tuned =
      train === 'head'
        ? undefined
        : await this.#fineTune(
            await tuningStart(probe, table, readable, { ...fitting, groups, seed }, further ?? {}),
            readable,
            { ...further, from: train, seed, signal },
            readableDigests(varied, readable, copies === 0 ? digests : undefined),
          );
    this.#fitted = tuned?.fitted ?? fitted;
    this.#trained = {
      train,
      choice,
      evidence,
      fineTuned: tuned === undefined ? undefined : reportOf(tuned),
      data: { origin: dataset.origin, examples: dataset.examples.length, digest: dataDigest(digests) },
      seed,
      copies,
      computed,
      unreadable,
      notes,
    };
    return this.#trained;
  }

  async #fineTune(
    { start, ...known }: TuningStart,
    dataset: Dataset,
    options: FineTuneOptions,
    digests: readonly Digest[] | undefined,
  ): Promise<FineTuned> {
    // Features of changed layers are not those of the base, by whose digest the cache knows them.
    this.#pristine = false;
    const cache = this.#options.featureCache;
    const tuned = await fineTune(this.backbone, start, dataset, options, { ...known, digests, cache });
    this.#changed = [...new Set([...this.#changed, ...tuned.changed])];
    this.#checkpoint = tuned.checkpoint;
    return tuned;
  }

  /** Features of data, as `fit` and `evaluate` see them. @throws as `fit`. */
  features(dataset: Dataset, options: FeatureRunOptions = {}): Promise<FeatureTable> {
    return this.#features(dataset, options);
  }

  /** @param digests of the examples, where they are known already: then no file is hashed again. */
  #features(
    dataset: Dataset,
    { networkBatch, onFeatures, signal }: FeatureRunOptions,
    digests?: readonly Digest[],
  ): Promise<FeatureTable> {
    this.preparer.forgetNotes();
    return extractFeatures(this.backbone, dataset, {
      batchSize: networkBatch,
      cache: this.#pristine ? this.#options.featureCache : undefined,
      digests,
      onProgress: onFeatures,
      signal,
    });
  }

  /**
   * Compares the answers with what is known about labelled data.
   * @throws ZooError `USAGE` before the first `fit`; `DATA` for data that do not fit, and labels that the head doesn't
   * know.
   */
  async evaluate(dataset: Dataset, options: FeatureRunOptions & EvaluateOptions = {}): Promise<Evaluation> {
    const { fitted } = this;
    await checkFit(this.backbone, dataset, { signal: options.signal });
    const table = await this.features(dataset, options);
    const { notes } = this.preparer;
    const report = evaluate(fitted, table, { mistakes: options.mistakes });
    return { report, unreadable: table.unreadable, notes };
  }

  /**
   * Answers for files, folders of files, or texts as they are.
   * @throws ZooError `USAGE` before the first `fit`; `NOT_FOUND` for a path with nothing at it.
   */
  async predict(inputs: string | readonly string[], options: PredictOptions = {}): Promise<Prediction[]> {
    const { modality } = this.preparer;
    const dataset = await openInputs([inputs].flat(), {
      modality,
      cwd: process.cwd(),
      signal: options.signal,
    });
    const predictions: Prediction[] = [];
    for await (const prediction of this.predictEach(dataset, options)) predictions.push(prediction);
    return predictions;
  }

  /** Answers in the order of the examples, as they come. @throws ZooError `USAGE` before the first `fit`. */
  predictEach(dataset: Dataset, options: PredictOptions = {}): AsyncGenerator<Prediction> {
    return predict(this, dataset, options);
  }

  async scores(prepared: readonly Prepared[], of = prepared.length): Promise<Float32Array> {
    const { fitted } = this;
    return fitted.scores(await this.backbone.featuresOf(prepared, { of }), prepared.length);
  }

  /**
   * Writes the folder of the model: card, head and how it was made, some kilobytes. The base stays where it is.
   * @returns the card.
   * @throws ZooError `USAGE` before the first `fit` by this object; as `saveAdapted`.
   */
  async save(folder: string, options: SaveModelOptions = {}): Promise<Card> {
    if (this.#trained === undefined) {
      throw new ZooError('USAGE', 'Nothing was trained that could be saved', {
        hint: 'Call fit first. A model that was loaded is a folder already: copy that.',
      });
    }
    const changed = await changedWeights(this.backbone, this.#changed);
    const model = { backbone: this.backbone, fitted: this.fitted, trained: this.#trained, changed };
    const card = await saveModel(folder, model, options);
    await this.#checkpoint?.remove();
    return card;
  }

  /** Frees the network. */
  dispose(): void {
    this.backbone.dispose();
  }
}

function readableOf(dataset: Dataset, unreadable: readonly Unreadable[]): Dataset {
  if (unreadable.length === 0) return dataset;
  const lost = new Set(unreadable.map(({ name }) => name));
  return subset(
    dataset,
    dataset.examples.filter(({ name }) => !lost.has(name)),
  );
}

/** Those of the examples that could be read, where all are known. */
function readableDigests(
  all: Dataset,
  readable: Dataset,
  digests: readonly Digest[] | undefined,
): Digest[] | undefined {
  if (digests === undefined) return undefined;
  const kept = new Set(readable.examples);
  return digests.filter((_, index) => {
    const example = all.examples[index];
    return example !== undefined && kept.has(example);
  });
}

function reportOf({ fitted: _, changed, checkpoint: __, ...how }: FineTuned): FineTuneReport {
  return { ...how, parameters: changed.length };
}
