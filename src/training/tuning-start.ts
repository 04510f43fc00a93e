/** Where option 2 starts: a head that has seen only what may be learnt from. */
import type { Dataset } from '../data/dataset.js';
import type { FittedHead } from '../transfer/heads/fitted-head.js';
import type { FeatureTable } from './features/feature-table.js';
import type { FineTuneOptions, KnownExamples } from './loop/fine-tune-options.js';
import { keepOut } from './loop/keep-out.js';
import type { FitOptions, HeadFit } from './solve/fit-options.js';
import { refitHead } from './solve/refit-head.js';

/** Of the examples, what early stopping and the search for a learning rate keep out. */
const SHARE = 0.2;

export interface TuningStart extends Pick<KnownExamples, 'split' | 'trial'> {
  readonly start: FittedHead;
}

/**
 * @param probe the head on all examples. Where some are kept out it is fitted once more, without them and with the same C: one that has
 *   learnt them by heart would do better on them than any network that is trained further.
 * @param dataset the examples of the rows of `table`, in order.
 * @throws ZooError as `fitHead` and `keepOut`.
 */
export async function tuningStart(
  probe: HeadFit,
  table: FeatureTable,
  dataset: Dataset,
  fitting: FitOptions & { readonly groups?: readonly string[] | undefined },
  { earlyStopping, learningRate }: Pick<FineTuneOptions, 'earlyStopping' | 'learningRate'>,
): Promise<TuningStart> {
  const { fitted } = probe;
  if (earlyStopping === undefined && learningRate !== 'find') return { start: fitted };
  const { groups, seed = 0 } = fitting;
  const kept = keepOut(dataset, earlyStopping?.share ?? SHARE, seed, groups);
  const again = await refitHead(probe, table, kept.learn, fitting);
  return earlyStopping === undefined
    ? { start: fitted, trial: { ...kept, start: again.fitted } }
    : { start: again.fitted, split: kept };
}
