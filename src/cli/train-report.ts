/** What `zoo train` says: lines for a person while it works, or events and a result as JSON. */
import { fewOf } from '../data/few-of.js';
import type { Card } from '../registry/card.js';
import { cardId } from '../registry/card-names.js';
import type { EvaluationReport } from '../training/evaluate/report.js';
import type { LoopProgress } from '../training/loop/train-loop.js';
import type { TrainedNetwork } from '../training/scratch/trained-network.js';
import { type ExampleProgressView, openExampleProgress } from './example-progress.js';
import { describeEvaluation, short } from './finetune-report.js';
import { JsonEvents } from './json-events.js';
import type { Terminal } from './terminal.js';

export interface SavedNetwork {
  readonly folder: string;
  readonly card: Card;
  readonly network: TrainedNetwork;
  /** On examples that were kept back; undefined where none were. */
  readonly evaluation: EvaluationReport | undefined;
}

export interface TrainReport {
  readonly training: (progress: LoopProgress) => void;
  trained(network: TrainedNetwork): void;
  saved(result: SavedNetwork): void;
  /** Leaves the terminal clean. */
  end(): void;
}

export function openTrainReport(terminal: Terminal, json: boolean): TrainReport {
  return json ? new JsonReport(terminal) : new SpokenReport(terminal);
}

class JsonReport implements TrainReport {
  readonly #terminal: Terminal;
  readonly #events = new JsonEvents();

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  readonly training = (progress: LoopProgress): void => this.#events.training(progress);

  trained(): void {}

  saved({ folder, card, network, evaluation }: SavedNetwork): void {
    const { facts, report } = network;
    this.#terminal.printJson({
      folder,
      id: cardId(card),
      architecture: facts.architecture.name,
      imageSize: facts.shape.size,
      channels: facts.shape.channels,
      labels: facts.labels,
      parameters: card.parameters,
      layer: card.features?.layer,
      features: card.features?.width,
      ...report,
      evaluation: evaluation ?? null,
    });
  }

  end(): void {}
}

class SpokenReport implements TrainReport {
  readonly #terminal: Terminal;
  #progress: ExampleProgressView | undefined;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  readonly training = ({ epoch, epochs, loss, step, steps, perSecond, secondsLeft }: LoopProgress): void => {
    this.#progress ??= openExampleProgress(this.#terminal, 'training', 'steps');
    const what = `epoch ${epoch} of ${epochs}, loss ${short(loss)}`;
    this.#progress.update({ done: step, total: steps, perSecond, secondsLeft }, what);
    if (step === steps) this.end();
  };

  trained({ facts, report }: TrainedNetwork): void {
    this.end();
    const { note, noteColours } = this.#terminal;
    const { size, channels } = facts.shape;
    const pictures = `${channels === 1 ? 'grey' : 'colour'} pictures of ${size} x ${size} pixels`;
    for (const text of report.notes) note(text);
    note(`${facts.architecture.title}; ${pictures}; ${facts.labels.length} labels: ${fewOf(facts.labels)}`);
    const { optimizer, epochs, learningRate, losses, resumedFrom } = report;
    const [first = 0, last = 0] = [losses[0], losses.at(-1)];
    const how = `${optimizer.kind}, ${epochs} epochs, learning rate ${learningRate}`;
    const resumed = resumedFrom === 0 ? '' : `, gone on from step ${resumedFrom} of an interrupted run`;
    note(`${noteColours.green('✓')} trained: ${how}, loss ${short(first)} to ${short(last)}${resumed}`);
  }

  saved({ folder, card, evaluation }: SavedNetwork): void {
    const { print, colours } = this.#terminal;
    if (evaluation !== undefined) print(describeEvaluation(evaluation));
    const size = card.files.reduce((sum, file) => sum + file.size, 0);
    const parameters = (card.parameters ?? 0).toLocaleString('en');
    print(
      `${colours.green('✓')} ${folder}  ${Math.ceil(size / 1000)} kB, ${parameters} parameters, ${cardId(card)}`,
    );
  }

  end(): void {
    this.#progress?.end();
    this.#progress = undefined;
  }
}
