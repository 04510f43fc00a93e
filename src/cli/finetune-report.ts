/**
 * What `zoo finetune` says: lines for a person while it works, or one JSON document at the end. Where more than the head
 * is trained, events come before it, one JSON object a line.
 */
import type { Dataset } from '../data/dataset.js';
import { fewOf } from '../data/few-of.js';
import type { Card } from '../registry/card.js';
import { cardId } from '../registry/card-names.js';
import type { AdaptedModel, Evaluation } from '../training/adapted-model.js';
import type { ChosenFeatures } from '../training/choose/choose-features.js';
import type { TrainingChoice } from '../training/choose/choose-training.js';
import type { EvaluationReport } from '../training/evaluate/report.js';
import type { FeatureProgress } from '../training/features/feature-progress.js';
import type { FineTuneOptions } from '../training/loop/fine-tune-options.js';
import type { LoopProgress } from '../training/loop/train-loop.js';
import type { FitEvidence, Validation } from '../training/solve/fit-options.js';
import type { FineTuneReport, TrainReport } from '../training/train-report.js';
import { type ExampleProgress, type ExampleProgressView, openExampleProgress } from './example-progress.js';
import { JsonEvents } from './json-events.js';
import type { Terminal } from './terminal.js';

export interface FinetuneReport {
  /** @param sentences what is worth knowing about it. */
  data(whole: Dataset, sentences: readonly string[]): void;
  choosing(done: number, total: number): void;
  chosen(features: ChosenFeatures): void;
  begun(model: AdaptedModel, train: Dataset): void;
  features(progress: FeatureProgress): void;
  /** While both ways of training are compared, fold by fold. */
  comparing(progress: { readonly done: number; readonly total: number }): void;
  /** Of network and head together. */
  readonly tuning: Required<Pick<FineTuneOptions, 'onProgress' | 'onFrozen' | 'onRates'>>;
  trained(report: TrainReport): void;
  saved(folder: string, card: Card, evaluation: Evaluation | undefined): void;
  /** Leaves the terminal clean. */
  end(): void;
}

/** Of what was tried. */
const BEST_SHOWN = 3;

export function openFinetuneReport(terminal: Terminal, json: boolean): FinetuneReport {
  return json ? new JsonReport(terminal) : new SpokenReport(terminal);
}

class JsonReport implements FinetuneReport {
  readonly #terminal: Terminal;
  #model: AdaptedModel | undefined;
  #trained: TrainReport | undefined;
  #chosen: ChosenFeatures | undefined;
  readonly #events = new JsonEvents();

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  data(): void {}

  choosing(): void {}

  chosen(features: ChosenFeatures): void {
    this.#chosen = features;
  }

  begun(model: AdaptedModel): void {
    this.#model = model;
  }

  features(): void {}

  readonly comparing = (progress: object) => this.#events.write('comparing', progress, true);

  readonly tuning = {
    onFrozen: (progress: FeatureProgress) =>
      this.#events.write('frozen', progress, progress.done === progress.total),
    onRates: (progress: object) => this.#events.write('learning rate', progress),
    onProgress: (progress: LoopProgress) => this.#events.training(progress),
  };

  trained(report: TrainReport): void {
    this.#trained = report;
  }

  saved(folder: string, card: Card, evaluation: Evaluation | undefined): void {
    const { backbone, head } = this.#model ?? {};
    this.#terminal.printJson({
      folder,
      base: card.base,
      layer: backbone?.cut,
      pooling: backbone?.pooling,
      features: backbone?.width,
      head: head?.kind,
      labels: head?.labels,
      parameters: card.parameters,
      ...this.#trained,
      ...(this.#chosen === undefined ? {} : { tried: this.#chosen.tried }),
      evaluation: evaluation?.report ?? null,
    });
  }

  end(): void {}
}

class SpokenReport implements FinetuneReport {
  readonly #terminal: Terminal;
  #progress: ExampleProgressView | undefined;
  /** What the progress is of. */
  #shown: string | undefined;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  readonly choosing = (done: number, total: number): void => {
    this.#progress ??= openExampleProgress(this.#terminal, 'choosing where to cut', 'tries');
    this.#progress.update({ done, total });
    if (done === total) this.end();
  };

  chosen({ tried, examples }: ChosenFeatures): void {
    const { note } = this.#terminal;
    note(
      `tried ${tried.length} ways to cut and scale by cross-validation on ${examples} examples, the best:`,
    );
    for (const { cut, pooling, size, width, scaling, validation } of tried.slice(0, BEST_SHOWN)) {
      const pictures = size === undefined ? '' : ` of ${size}-pixel pictures`;
      const score = shown(validation.score, validation.mean);
      note(
        `  ${score}  ${cut}, ${pooling === 'none' ? 'not pooled' : pooling}${pictures}: ${width} features, ${scaling}`,
      );
    }
  }

  data(whole: Dataset, sentences: readonly string[]): void {
    for (const text of [...whole.notes, ...sentences]) this.#terminal.note(text);
  }

  begun({ backbone, head }: AdaptedModel, train: Dataset): void {
    const { note } = this.#terminal;
    for (const text of train.notes) note(text);
    const { card, dropped, width, cut } = backbone;
    const gone = dropped === 0 ? '' : `: output layer dropped, ${dropped.toLocaleString('en')} parameters`;
    note(`${cardId(card)}${gone}; ${width} features at ${cut}`);
    const units = `${head.outputs} ${head.outputs === 1 ? 'unit' : 'units'}`;
    const names = head.labels.length === 0 ? '' : `: ${fewOf(head.labels)}`;
    note(`new ${head.kind} head of ${units}${names}; ${train.examples.length} examples to learn from`);
  }

  readonly features = (progress: FeatureProgress): void => {
    this.#progress ??= openExampleProgress(this.#terminal, 'features');
    this.#progress.update(progress);
    if (progress.done === progress.total) this.end();
  };

  readonly comparing = ({ done, total }: { readonly done: number; readonly total: number }): void =>
    this.#of('comparing head and all layers', 'folds', { done, total });

  readonly tuning = {
    onFrozen: (progress: FeatureProgress): void => this.#of('frozen layers', 'examples', progress),
    onRates: (progress: { readonly done: number; readonly total: number }): void =>
      this.#of('trying learning rates', 'steps', progress),
    onProgress: ({ epoch, epochs, loss, watched, step, steps, ...pace }: LoopProgress): void => {
      const watching =
        watched?.accuracy == null ? '' : `, ${percent(watched.accuracy)} of those kept out are right`;
      const what = `epoch ${epoch} of ${epochs}, loss ${short(loss)}${watching}`;
      this.#of('training', 'steps', { done: step, total: steps, ...pace }, what);
    },
  };

  /** What is being done, of which there are so many. */
  #of(what: string, of: string, progress: ExampleProgress, now?: string): void {
    if (this.#shown !== what) this.end();
    this.#shown = what;
    this.#progress ??= openExampleProgress(this.#terminal, what, of);
    this.#progress.update(progress, now);
    if (progress.done === progress.total) this.end();
  }

  trained({ evidence, choice, fineTuned, computed, unreadable, notes }: TrainReport): void {
    this.end();
    const { note, noteColours } = this.#terminal;
    for (const text of notes) note(text);
    for (const { name, reason } of unreadable) note(`left out: ${name}: ${reason}`);
    if (computed === 0) note('all features came from the cache');
    note(`${noteColours.green('✓')} trained: ${describeEvidence(evidence)}`);
    for (const text of evidence.notes) note(text);
    if (choice !== undefined) note(describeChoice(choice));
    for (const text of fineTuned?.notes ?? []) note(text);
    if (fineTuned !== undefined) note(`${noteColours.green('✓')} ${describeFineTune(fineTuned)}`);
  }

  saved(folder: string, card: Card, evaluation: Evaluation | undefined): void {
    this.end();
    const { print, colours } = this.#terminal;
    if (evaluation !== undefined) print(describeEvaluation(evaluation.report));
    const size = card.files.reduce((sum, file) => sum + file.size, 0);
    print(`${colours.green('✓')} ${folder}  ${Math.ceil(size / 1000)} kB on top of ${card.base?.reference}`);
  }

  end(): void {
    this.#progress?.end();
    this.#progress = undefined;
  }
}

function describeEvidence({ solver, c, chosenBy, tried, validation, iterations }: FitEvidence): string {
  const parts = [
    solver === 'examples' ? 'the examples themselves decide' : `${solver}, ${iterations} iterations`,
    ...(c === null
      ? []
      : [chosenBy === 'cross-validation' ? `C ${short(c)} of ${tried.length} tried` : `C ${short(c)}`]),
    ...(validation === null ? [] : [describeValidation(validation)]),
  ];
  return parts.join(', ');
}

function describeChoice({ compared, reason }: TrainingChoice): string {
  if (compared === undefined) return reason;
  const { head, all, standardError, examples, folds, epochs } = compared;
  const points = (value: number) => (100 * value).toFixed(1);
  return (
    `${reason}\n  head alone ${points(head)}, all layers ${points(all)}: ` +
    `a difference of ${points(all - head)} ± ${points(standardError)} points, ` +
    `on ${examples} examples in ${folds} folds, ${epochs} epochs`
  );
}

function describeFineTune(tuned: FineTuneReport): string {
  const { parameters, optimizer, losses, learningRate, found, resumedFrom, bestEpoch, watched } = tuned;
  const [first = 0, last = 0] = [losses[0], losses.at(-1)];
  const rate = `learning rate ${short(learningRate)}${found === undefined ? '' : ` of ${found.tried.length} tried`}`;
  const how = `${optimizer.kind}, ${losses.length} epochs, ${rate}`;
  const resumed = resumedFrom === 0 ? '' : `, gone on from step ${resumedFrom} of an interrupted run`;
  const best = bestEpoch === undefined ? undefined : watched[bestEpoch];
  const kept =
    best === undefined
      ? ''
      : `, kept from epoch ${best.epoch}: loss ${short(best.loss)} on the examples that were kept out`;
  return `${parameters} tensors of the network trained too: ${how}, loss ${short(first)} to ${short(last)}${kept}${resumed}`;
}

const SCORES: Readonly<Record<Validation['score'], string>> = {
  accuracy: 'accuracy',
  microF1: 'micro F1',
  r2: 'R²',
};

function describeValidation({ method, folds, score, mean, deviation }: Validation): string {
  const how = method === 'leave-one-out' ? 'leaving one out' : `cross-validation in ${folds}`;
  const spread = deviation === null ? '' : ` ± ${shown(score, deviation)}`;
  return `${SCORES[score]} ${shown(score, mean)}${spread} by ${how}`;
}

/** How it did on examples that were kept back, in a line. */
export function describeEvaluation(report: EvaluationReport): string {
  const on = `on ${report.examples.toLocaleString('en')} examples that it has not seen`;
  switch (report.task) {
    case 'classification': {
      const { low, high } = report.interval;
      return `accuracy ${percent(report.accuracy)} (95 %: ${percent(low)} to ${percent(high)}) ${on}`;
    }
    case 'multi-label':
      return `micro F1 ${percent(report.micro.f1)} ${on}`;
    case 'regression':
      return `mean absolute error ${short(report.meanAbsoluteError)}, R² ${report.r2?.toFixed(3) ?? '-'} ${on}`;
  }
}

function shown(score: Validation['score'], value: number): string {
  return score === 'r2' ? value.toFixed(3) : percent(value);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** Four digits of a number. */
export function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
