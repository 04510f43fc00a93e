/** Classes that count more than others. */
import { ZooError } from '../../core/errors.js';
import type { Head } from '../../transfer/heads/head.js';
import type { FitOptions } from './fit-options.js';

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
