/** How good a network with its own classes is on labelled data. */
import type { Dataset } from '../../data/dataset.js';
import { checkFit } from '../../transfer/check-fit.js';
import type { Classifier } from '../../transfer/classifier.js';
import { classifier as classifierHead } from '../../transfer/heads/classifier.js';
import { multiLabel } from '../../transfer/heads/multi-label.js';
import type { FeatureProgress } from '../features/feature-progress.js';
import { collectTable, type Unreadable } from '../features/feature-table.js';
import { streamFeatures } from '../features/stream-features.js';
import { type EvaluateOptions, evaluateScores } from './evaluate.js';
import type { EvaluationReport } from './report.js';

export interface EvaluateNetworkOptions extends EvaluateOptions {
  readonly onProgress?: ((progress: FeatureProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface NetworkEvaluation {
  readonly report: EvaluationReport;
  /** Examples that were left out. */
  readonly unreadable: readonly Unreadable[];
  readonly notes: readonly string[];
}

/**
 * @param network stays the caller's.
 * @param dataset its labels must be among the network's.
 * @throws ZooError `DATA` for data that do not fit, labels that the network doesn't know, and more unreadable examples
 *   than the data set tolerates; the signal's reason.
 */
export async function evaluateNetwork(
  network: Classifier,
  dataset: Dataset,
  options: EvaluateNetworkOptions = {},
): Promise<NetworkEvaluation> {
  const { onProgress, signal, mistakes } = options;
  const { card, preparer, labels } = network;
  await checkFit(network, dataset, { signal });
  const head = network.multiLabel ? multiLabel({ labels }) : classifierHead({ labels });
  preparer.forgetNotes();
  // Probabilities are features that need no head.
  const probabilities = {
    card,
    preparer,
    width: labels.length,
    identity: 'probabilities',
    featuresOf: network.classify.bind(network),
  };
  const blocks = streamFeatures(probabilities, dataset, { onProgress, signal });
  const table = await collectTable(blocks, labels.length);
  const report = evaluateScores(head, table.features, table, { mistakes });
  return { report, unreadable: table.unreadable, notes: preparer.notes };
}
