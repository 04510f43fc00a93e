/** A network that was trained from scratch: what is measured and saved. */
import type { Dataset } from '../../data/dataset.js';
import type { Card } from '../../registry/card.js';
import { type Classifier, classifierOf } from '../../transfer/classifier.js';
import type { Preparer } from '../../transfer/prepare/preparer.js';
import {
  type EvaluateNetworkOptions,
  evaluateNetwork,
  type NetworkEvaluation,
} from '../evaluate/evaluate-network.js';
import type { Checkpoint } from '../loop/checkpoint.js';
import { type NetworkFacts, unsavedCard } from './network-card.js';
import { type SaveNetworkOptions, saveNetwork } from './save-network.js';
import type { TrainNetworkReport } from './train-network-report.js';

export class TrainedNetwork {
  readonly facts: NetworkFacts;
  readonly report: TrainNetworkReport;
  readonly #classifier: Classifier;
  readonly #checkpoint: Checkpoint | undefined;

  /**
   * Owns the network of `facts` from now on.
   * @param checkpoint of the run; not needed once the network was saved.
   */
  constructor(
    facts: NetworkFacts,
    preparer: Preparer,
    report: TrainNetworkReport,
    checkpoint: Checkpoint | undefined,
  ) {
    this.facts = facts;
    this.report = report;
    this.#checkpoint = checkpoint;
    this.#classifier = classifierOf(unsavedCard(facts), facts.network, preparer);
  }

  /** @throws ZooError as `evaluateNetwork`. */
  evaluate(dataset: Dataset, options?: EvaluateNetworkOptions): Promise<NetworkEvaluation> {
    return evaluateNetwork(this.#classifier, dataset, options);
  }

  /**
   * Writes a folder that plain TensorFlow.js loads, and that is a base of adapted models.
   * @returns the card. @throws ZooError as `saveNetwork`.
   */
  async save(folder: string, options?: SaveNetworkOptions): Promise<Card> {
    const card = await saveNetwork(folder, this.facts, this.report, options);
    await this.#checkpoint?.remove();
    return card;
  }

  /** Frees the network. */
  dispose(): void {
    this.#classifier.dispose();
  }
}
