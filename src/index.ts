/** The public door of neuralzoo. */
export type { CollectReport } from './cache/collect.js';
export type { InstalledModel } from './cache/installed-models.js';
export type { VerifyReport } from './cache/verify.js';
export { EXIT_CODES, ZooError, type ZooErrorCode, type ZooErrorDetails } from './core/errors.js';
export { type Balance, balanceOf, describeBalance } from './data/balance.js';
export { checkDataset } from './data/check-dataset.js';
export { chooseExamples } from './data/choose-examples.js';
export type { Dataset, Example } from './data/dataset.js';
export {
  type DuplicateGroup,
  duplicatesAcross,
  findDuplicates,
  withoutDuplicatesOf,
} from './data/duplicates.js';
export { keepLabels } from './data/keep-labels.js';
export { joinDatasets, publishedParts, relabel, subset } from './data/make-dataset.js';
export { sampleDataset } from './data/sample-dataset.js';
export { folds, splitDataset } from './data/split-dataset.js';
export {
  type ExportFormat,
  type ExportOptions,
  type ExportReport,
  exportModel,
  exportNetwork,
} from './export/export-model.js';
export { EXPORT_FORMATS } from './export/exportable.js';
export type { Card, CardArchive, CardFile, CardLicense } from './registry/card.js';
export type { Modality } from './registry/card-names.js';
export type { SearchHit } from './registry/index-open.js';
export type { SearchFilters } from './registry/index-search.js';
export { type InstallRuntimeOptions, installRuntime } from './runtime/install-runtime.js';
export type { InstallRuntimeResult } from './runtime/installation.js';
export { type RuntimeStatus, runtimeStatus } from './runtime/runtime-status.js';
export {
  AdaptedModel,
  type Evaluation,
  type TrainOptions,
} from './training/adapted-model.js';
export {
  type AdaptableBackbone,
  AdaptingZoo,
  type LoadOptions,
  type OpenBackboneOptions,
  openZoo,
} from './training/adapting-zoo.js';
export type {
  ChooseFeaturesOptions,
  ChosenFeatures,
  FeatureChoice,
} from './training/choose/choose-features.js';
export type { ComparedTraining, TrainingChoice } from './training/choose/choose-training.js';
export type { EvaluationReport } from './training/evaluate/report.js';
export { exampleDigests } from './training/features/example-digests.js';
export type { FeatureProgress } from './training/features/feature-progress.js';
export type { FeatureTable } from './training/features/feature-table.js';
export type { FoundRate } from './training/loop/find-rate.js';
export type { EarlyStopping, FineTuneOptions } from './training/loop/fine-tune-options.js';
export type { LoopProgress } from './training/loop/train-loop.js';
export type { Watched } from './training/loop/watch.js';
export type { Prediction, PredictOptions } from './training/predict/predict.js';
export type { SaveModelOptions } from './training/save-model.js';
export type { SaveNetworkOptions } from './training/scratch/save-network.js';
export type { TrainNetworkOptions } from './training/scratch/train-network.js';
export type { TrainedNetwork } from './training/scratch/trained-network.js';
export type { FitEvidence, FitOptions } from './training/solve/fit-options.js';
export type { FineTuneReport, TrainReport } from './training/train-report.js';
export type { Backbone } from './transfer/backbone.js';
export { type ClassifierOptions, classifier } from './transfer/heads/classifier.js';
export type { Head } from './transfer/heads/head.js';
export { type MultiLabelOptions, multiLabel } from './transfer/heads/multi-label.js';
export { type NearestMeanOptions, nearestMean } from './transfer/heads/nearest-mean.js';
export { type NearestNeighboursOptions, nearestNeighbours } from './transfer/heads/nearest-neighbours.js';
export { type RegressorOptions, regressor } from './transfer/heads/regressor.js';
export type { CardDraft } from './zoo/draft-card.js';
export type { GcOptions, ModelView, VerifyModelsOptions, Zoo, ZooOptions } from './zoo/open-zoo.js';
export type { PullOptions, PullResult } from './zoo/pull.js';
export type { PullEvent, PullListener } from './zoo/pull-events.js';
export type { RepairReport } from './zoo/repair.js';
