/** Refusals before a head is fitted. */
import { ZooError } from '../../core/errors.js';
import type { Head } from '../../transfer/heads/head.js';
import type { FitOptions, LabelledFeatures } from './fit-options.js';

/** @throws ZooError `DATA` for features that are no table or no finite numbers. */
export function checkFeatures({ names, features, width }: LabelledFeatures): void {
  if (names.length === 0) {
    throw new ZooError('DATA', 'There are no examples to learn from', { expected: 'at least one example' });
  }
  if (width < 1 || features.length !== names.length * width) {
    throw new ZooError('DATA', 'Features and examples do not belong together', {
      expected: `${names.length} x ${width} numbers`,
      found: features.length,
    });
  }
  const bad = features.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  throw new ZooError('DATA', `A feature of ${names[Math.floor(bad / width)]} is not a finite number`, {
    found: `${features[bad]} in place ${bad % width}`,
    hint: 'Look at this example: silence, an empty picture or a damaged file can give such features.',
  });
}

/** @throws ZooError `DATA` for labels without an example. @param targets [examples, outputs]. */
export function checkClasses(head: Head, targets: Float64Array): void {
  if (head.task === 'regression') return;
  const counts = new Float64Array(head.outputs);
  targets.forEach((target, at) => {
    counts[at % head.outputs] = (counts[at % head.outputs] ?? 0) + target;
  });
  const empty = head.labels.filter((_, index) => counts[index] === 0);
  if (empty.length > 0) {
    throw new ZooError('DATA', 'Labels without a single example can not be learnt', {
      expected: 'at least one example of each label',
      found: `none of ${empty.slice(0, 10).join(', ')}${empty.length > 10 ? ` and ${empty.length - 10} more` : ''}`,
      hint: 'Add examples, or leave these labels out.',
    });
  }
}

/**
 * How much each example counts: 1, or by its class. Balanced weights are those of scikit-learn.
 * @throws ZooError `USAGE` for weights of unknown labels or that are not positive, or where there are no classes.
 */
export function exampleWeights(
  head: Head,
  targets: Float64Array,
  wanted: FitOptions['classWeights'],
): Float64Array {
  const examples = targets.length / head.outputs;
  if (wanted === undefined) return new Float64Array(examples).fill(1);
  if (head.task !== 'classification') {
    throw new ZooError('USAGE', 'Only classes can have weights', { found: `a head for ${head.task}` });
  }
  const perClass = wanted === 'balanced' ? balanced(targets, head.outputs) : givenWeights(head, wanted);
  return Float64Array.from({ length: examples }, (_, example) => {
    const row = targets.subarray(example * head.outputs, (example + 1) * head.outputs);
    return perClass[row.indexOf(1)] ?? 1;
  });
}

function balanced(targets: Float64Array, outputs: number): number[] {
  const examples = targets.length / outputs;
  return Array.from({ length: outputs }, (_, output) => {
    let count = 0;
    for (let example = 0; example < examples; example++) count += targets[example * outputs + output] ?? 0;
    return examples / (outputs * count);
  });
}

function givenWeights(head: Head, wanted: Readonly<Record<string, number>>): number[] {
  for (const [label, weight] of Object.entries(wanted)) {
    if (head.labels.includes(label) && weight > 0 && Number.isFinite(weight)) continue;
    throw new ZooError('USAGE', 'Not a weight of a class', {
      expected: 'a known label and a number above 0',
      found: `${label}: ${weight}`,
    });
  }
  return head.labels.map((label) => wanted[label] ?? 1);
}

/** @throws ZooError `USAGE` for options that make no sense, together or alone. */
export function checkOptions(head: Head, options: FitOptions, examples: number): void {
  const { c, grid, folds, groups, solver } = options;
  const strengths = [...(typeof c === 'number' ? [c] : []), ...(grid ?? [])];
  if (strengths.some((value) => !(value > 0 && Number.isFinite(value))) || grid?.length === 0) {
    throw new ZooError('USAGE', 'Not a value for C', {
      expected: 'numbers above 0',
      found: strengths.join(', ') || 'none',
    });
  }
  if (folds !== undefined && !(Number.isInteger(folds) && folds >= 2)) {
    throw new ZooError('USAGE', 'Not a number of folds', {
      expected: 'a whole number, 2 or more',
      found: folds,
    });
  }
  if (groups !== undefined && groups.length !== examples) {
    throw new ZooError('USAGE', 'Groups and examples do not belong together', {
      expected: examples,
      found: groups.length,
    });
  }
  if (solver === 'lbfgs' && head.fitting.by !== 'linear') {
    throw new ZooError('USAGE', `L-BFGS fits linear heads, and this is a ${head.kind} head`, {
      hint: head.fitting.by === 'gradients' ? 'Use Adam or SGD.' : 'It needs no solver.',
    });
  }
}
