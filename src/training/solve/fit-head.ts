/** Fits any head to a table of features. */
import { ZooError } from '../../core/errors.js';
import { Random } from '../../data/random.js';
import { unitLength } from '../../transfer/heads/dense.js';
import { FittedHead } from '../../transfer/heads/fitted-head.js';
import type { Head } from '../../transfer/heads/head.js';
import { classesOf, encodeTargets } from '../../transfer/heads/targets.js';
import { checkClasses, checkFeatures, checkOptions } from './check-table.js';
import { exampleWeights } from './example-weights.js';
import { fitByGradients } from './fit-by-gradients.js';
import { DEFAULT_C, fitLinear, type LinearRows } from './fit-linear.js';
import type {
  FitEvidence,
  FitOptions,
  HeadFit,
  LabelledFeatures,
  Solver,
  Validation,
} from './fit-options.js';
import { validationOf } from './held-out.js';
import { planValidation } from './plan-validation.js';

/**
 * Deterministic: the same table, options and seed give the same numbers on the same machine.
 *
 * Linear heads go to convergence with all examples, with C from cross-validation. Heads with hidden layers, and the
 * nearest ones, are cross-validated only where `folds` is given, because each fold costs a whole fit.
 * @throws ZooError `DATA` for tables that don't fit the head (no examples, features that are no numbers, labels that
 *   are missing or unknown, classes without examples); `USAGE` for options; `NO_RUNTIME`; the signal's reason.
 */
export async function fitHead(
  head: Head,
  table: LabelledFeatures,
  options: FitOptions = {},
): Promise<HeadFit> {
  checkFeatures(table);
  const { width } = table;
  const examples = table.names.length;
  checkOptions(head, options, examples);
  const targets = encodeTargets(head, table);
  checkClasses(head, targets);
  options.signal?.throwIfAborted();
  const rows: LinearRows = {
    features: head.scaling === 'unit-length' ? unitLength(table.features, examples, width) : table.features,
    rows: examples,
    width,
    targets,
    weights: exampleWeights(head, targets, options.classWeights),
  };
  if (head.fitting.by === 'linear' && (options.solver ?? 'lbfgs') === 'lbfgs' && head.loss !== undefined) {
    const { parameters, evidence } = await fitLinear(head, head.loss, rows, options);
    return { fitted: new FittedHead(head, width, parameters), evidence };
  }
  const validation = options.folds === undefined ? null : await crossValidate(head, table, rows, options);
  const { fitted, ...final } = await fitOnce(head, rows, options);
  return { fitted, evidence: { ...final, examples, validation, tried: [], notes: [] } };
}

type Final = Pick<FitEvidence, 'solver' | 'c' | 'chosenBy' | 'iterations' | 'converged' | 'objective'>;

/** By gradients, or from the examples. */
async function fitOnce(
  head: Head,
  rows: LinearRows,
  options: FitOptions,
): Promise<Final & { readonly fitted: FittedHead }> {
  if (head.fitting.by === 'examples') {
    const fitted = new FittedHead(head, rows.width, head.fitting.fit(rows));
    const nothing = {
      c: null,
      chosenBy: 'none',
      iterations: null,
      converged: null,
      objective: null,
    } as const;
    return { fitted, solver: 'examples', ...nothing };
  }
  const { differentiable, loss } = head;
  if (differentiable === undefined || loss === undefined) {
    throw new ZooError('USAGE', `A ${head.kind} head has nothing that gradients could train`);
  }
  const solver: Exclude<Solver, 'lbfgs'> = options.solver === 'sgd' ? 'sgd' : 'adam';
  const { parameters, objective, steps } = await fitByGradients(
    head,
    differentiable,
    loss,
    rows,
    solver,
    options,
  );
  return {
    fitted: new FittedHead(head, rows.width, parameters),
    solver,
    c: typeof options.c === 'number' ? options.c : DEFAULT_C,
    chosenBy: typeof options.c === 'number' ? 'given' : 'default',
    iterations: steps,
    converged: null,
    objective,
  };
}

/** Fits the head once a fold, and looks at what it says about the others. */
async function crossValidate(
  head: Head,
  table: LabelledFeatures,
  rows: LinearRows,
  options: FitOptions,
): Promise<Validation | null> {
  const { outputs } = head;
  const { width, targets, weights } = rows;
  const classes = head.task === 'classification' ? classesOf(targets, outputs) : undefined;
  const random = Random.seeded(options.seed ?? 0, 'folds');
  const plan = planValidation(rows.rows, classes, options.groups, options.folds, random);
  if (plan.method === 'none') return null;
  const held = new Float64Array(rows.rows * outputs);
  for (let fold = 0; fold < plan.count; fold++) {
    options.onProgress?.({ phase: 'cross-validation', done: fold, total: plan.count });
    const all = Array.from({ length: rows.rows }, (_, row) => row);
    const inside = all.filter((row) => plan.folds[row] !== fold);
    const outside = all.filter((row) => plan.folds[row] === fold);
    const training: LinearRows = {
      features: pick(rows.features, inside, width),
      rows: inside.length,
      width,
      targets: Float64Array.from(
        inside.flatMap((row) => [...targets.subarray(row * outputs, (row + 1) * outputs)]),
      ),
      weights: Float64Array.from(inside, (row) => weights[row] ?? 1),
    };
    const { fitted } = await fitOnce(head, training, { ...options, onProgress: undefined });
    const scores = fitted.scores(pick(table.features, outside, width), outside.length);
    outside.forEach((row, at) => {
      held.set(scores.subarray(at * outputs, (at + 1) * outputs), row * outputs);
    });
  }
  options.onProgress?.({ phase: 'cross-validation', done: plan.count, total: plan.count });
  return validationOf(head, plan, held, targets, lossesOf(head, held, targets), 0.5);
}

function pick(features: Float32Array, rows: readonly number[], width: number): Float32Array {
  const picked = new Float32Array(rows.length * width);
  rows.forEach((row, at) => {
    picked.set(features.subarray(row * width, (row + 1) * width), at * width);
  });
  return picked;
}

/** Smallest probability that a loss is computed with: votes of neighbours can be 0. */
const LEAST = 1e-7;

function lossesOf(head: Head, scores: Float64Array, targets: Float64Array): Float64Array {
  const { outputs, activation } = head;
  return Float64Array.from({ length: scores.length / outputs }, (_, row) => {
    let loss = 0;
    for (let at = row * outputs; at < (row + 1) * outputs; at++) {
      const [score, target] = [scores[at] ?? 0, targets[at] ?? 0];
      if (activation === 'none') loss += (score - target) ** 2 / 2;
      else if (target === 1) loss -= Math.log(Math.max(score, LEAST));
      else if (activation === 'sigmoid') loss -= Math.log(Math.max(1 - score, LEAST));
    }
    return loss;
  });
}
