/** What a training run writes down about itself beside its head. */
import { basename, resolve } from 'node:path';
import type { Weights } from '../formats/weight.js';
import type { Card } from '../registry/card.js';
import { adaptedName } from '../transfer/adapted/adapted-card.js';
import { detailsSchema } from '../transfer/adapted/adapted-details.js';
import { saveAdapted } from '../transfer/adapted/save-adapted.js';
import type { Backbone } from '../transfer/backbone.js';
import type { FittedHead } from '../transfer/heads/fitted-head.js';
import type { EvaluationReport } from './evaluate/report.js';
import { originName } from './origin-name.js';
import type { TrainReport } from './train-report.js';

export interface SaveModelOptions {
  /** Name of its card; by default made of the folder's. */
  readonly name?: string | undefined;
  /** Default `1.0.0`. */
  readonly version?: string | undefined;
  /** Replaces the sentence that is made of base, head and labels. */
  readonly summary?: string | undefined;
  /** ISO date in the card; today by default. Everything else is the same for the same data, options and seed. */
  readonly published?: string | undefined;
  /** What was measured on examples that it has not seen. */
  readonly evaluation?: EvaluationReport | undefined;
  /** Replaces an adapted model that is there; anything else is never replaced. Default false. */
  readonly overwrite?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface TrainedModel {
  readonly backbone: Backbone;
  readonly fitted: FittedHead;
  readonly trained: TrainReport;
  /** Tensors of the base that were trained, by their names in the network. */
  readonly changed: Weights;
}

/** @throws ZooError as `saveAdapted`. */
export function saveModel(
  folder: string,
  { backbone, fitted, trained, changed }: TrainedModel,
  options: SaveModelOptions,
): Promise<Card> {
  const { name, version, summary, published, evaluation, overwrite, signal } = options;
  const { train, choice, evidence, fineTuned, data, seed, copies } = trained;
  const { solver, c, chosenBy, iterations, converged } = evidence;
  const content = {
    base: backbone.card,
    head: fitted,
    backbone: {
      cut: backbone.cut,
      pooling: backbone.pooling,
      width: backbone.width,
      prepare: preparation(backbone),
      preprocessing: backbone.preparer.identity,
    },
    changed,
    recipe: jsonOf({
      ...{ train, choice, solver, c, chosenBy, iterations, converged, copies },
      // A run that was interrupted leaves the same bytes as one that was not.
      fineTuned: fineTuned === undefined ? undefined : { ...fineTuned, resumedFrom: undefined },
    }),
    seed,
    data: { ...data, origin: originName(data.origin) },
    metrics: jsonOf({
      crossValidation: evidence.validation,
      // A model is shared; the names of somebody's files are not.
      evaluation: evaluation === undefined ? null : { ...evaluation, mistakes: undefined },
    }),
    name: name ?? adaptedName(basename(resolve(folder))),
    version,
    summary,
    published: published ?? new Date().toISOString().slice(0, 10),
  };
  return saveAdapted(folder, content, { overwrite, signal });
}

/** Without the options that nobody chose. */
function preparation({ prepare: { size, hop, maxTokens } }: Backbone) {
  return {
    ...(size === undefined ? {} : { size }),
    ...(hop === undefined ? {} : { hop }),
    ...(maxTokens === undefined ? {} : { maxTokens }),
  };
}

/** As the JSON that it becomes. */
function jsonOf(record: object) {
  return detailsSchema.shape.metrics.parse(JSON.parse(JSON.stringify(record)));
}
