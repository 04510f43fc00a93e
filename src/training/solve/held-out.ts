/** How good predictions are for examples that were held out. */
import type { Head } from '../../transfer/heads/head.js';
import type { Validation } from './fit-options.js';
import type { FoldPlan } from './folds.js';

type Numbers = Float32Array | Float64Array;

/**
 * @param outputs [rows, outputs] of the held-out examples, raw or as probabilities: for sigmoids, `threshold` parts
 *   yes from no.
 * @param losses one a row.
 */
export function validationOf(
  head: Head,
  plan: FoldPlan & { readonly method: Validation['method'] },
  outputs: Numbers,
  targets: Float64Array,
  losses: Float64Array,
  threshold: number,
): Validation {
  const rows = losses.length;
  const pooled = plan.method === 'leave-one-out';
  const all = Array.from({ length: pooled ? 1 : plan.count }, (_, fold) => {
    const members: number[] = [];
    for (let row = 0; row < rows; row++) if (pooled || plan.folds[row] === fold) members.push(row);
    return scoreOf(head, members, outputs, targets, threshold);
  });
  const mean = all.reduce((sum, score) => sum + score, 0) / all.length;
  const variance = all.reduce((sum, score) => sum + (score - mean) ** 2, 0) / all.length;
  return {
    method: plan.method,
    folds: plan.count,
    score: SCORES[head.task],
    mean,
    deviation: pooled ? null : Math.sqrt(variance),
    scores: all,
    loss: losses.reduce((sum, loss) => sum + loss, 0) / rows,
  };
}

const SCORES = { classification: 'accuracy', 'multi-label': 'microF1', regression: 'r2' } as const;

function scoreOf(
  head: Head,
  members: readonly number[],
  outputs: Numbers,
  targets: Float64Array,
  threshold: number,
): number {
  switch (head.task) {
    case 'classification':
      return accuracy(head.outputs, members, outputs, targets);
    case 'multi-label':
      return microF1(head.outputs, members, outputs, targets, threshold);
    case 'regression':
      return r2(members, outputs, targets);
  }
}

function accuracy(
  width: number,
  members: readonly number[],
  outputs: Numbers,
  targets: Float64Array,
): number {
  let right = 0;
  for (const row of members) {
    let best = row * width;
    for (let at = row * width; at < (row + 1) * width; at++) {
      if ((outputs[at] ?? 0) > (outputs[best] ?? 0)) best = at;
    }
    right += targets[best] ?? 0;
  }
  return right / members.length;
}

/** 1 where there is nothing to find and nothing was found. */
function microF1(
  width: number,
  members: readonly number[],
  outputs: Numbers,
  targets: Float64Array,
  threshold: number,
): number {
  let [both, either] = [0, 0];
  for (const row of members) {
    for (let at = row * width; at < (row + 1) * width; at++) {
      const said = (outputs[at] ?? 0) > threshold ? 1 : 0;
      const true_ = targets[at] ?? 0;
      both += said * true_;
      either += said + true_;
    }
  }
  return either === 0 ? 1 : (2 * both) / either;
}

/** 0 where all targets are equal, unless each is met. */
function r2(members: readonly number[], outputs: Numbers, targets: Float64Array): number {
  const mean = members.reduce((sum, row) => sum + (targets[row] ?? 0), 0) / members.length;
  let [rest, spread] = [0, 0];
  for (const row of members) {
    rest += ((outputs[row] ?? 0) - (targets[row] ?? 0)) ** 2;
    spread += ((targets[row] ?? 0) - mean) ** 2;
  }
  if (spread === 0) return rest === 0 ? 1 : 0;
  return 1 - rest / spread;
}
