import { beforeAll, describe, expect, test } from 'vitest';
import { borrowMissingKernels } from '../../src/formats/borrowed-kernels.js';
import { type Tensor, tf } from '../../src/runtime/tensorflow.js';
import { type GoldenOperation, type PlainTensor, tensorOf, tinyModels } from './tiny-tfjs.js';

/** Names of TensorFlow's operations and attributes, and those of TensorFlow.js' kernels where they differ. */
const INPUTS: Readonly<Record<string, string>> = {
  data_splits: 'dataSplits',
  input_indices: 'inputIndices',
  input_shape: 'inputShape',
  new_shape: 'newShape',
  dense_shape: 'denseShape',
  default_value: 'defaultValue',
  segment_ids: 'segmentIds',
};
const ATTRIBUTES: Readonly<Record<string, string>> = {
  skip_empty: 'skipEmpty',
  ngram_widths: 'nGramWidths',
  left_pad: 'leftPad',
  right_pad: 'rightPad',
  pad_width: 'padWidth',
  preserve_short_sequences: 'preserveShortSequences',
  num_buckets: 'numBuckets',
  binary_output: 'binaryOutput',
};

function runKernel({ operation, inputs, attributes }: GoldenOperation): Tensor[] {
  const tensors: Record<string, Tensor> = {};
  const attrs: Record<string, string | number | boolean | number[]> = {};
  for (const [name, value] of Object.entries(attributes)) attrs[ATTRIBUTES[name] ?? name] = value;
  for (const [name, value] of Object.entries(inputs)) {
    if (operation === 'DenseBincount' && name === 'size') attrs.size = Number(value.data[0]);
    else
      tensors[operation === 'DenseBincount' && name === 'input' ? 'x' : (INPUTS[name] ?? name)] =
        tensorOf(value);
  }
  const result: Tensor | Tensor[] = tf.engine().runKernel(operation, tensors, attrs);
  return Array.isArray(result) ? result : [result];
}

function expectSame(tensor: Tensor | undefined, wanted: PlainTensor, what: string): void {
  expect(tensor?.shape, what).toEqual(wanted.shape);
  const values = Array.from(tensor?.dataSync() ?? []);
  if (wanted.dtype === 'string') expect(values, what).toEqual(wanted.data);
  for (const [index, value] of wanted.data.entries())
    if (wanted.dtype !== 'string') expect(values[index], what).toBeCloseTo(Number(value), 5);
}

let operations: readonly GoldenOperation[];
beforeAll(async () => {
  operations = (await tinyModels()).operations;
});

describe('kernels that tfjs-node lacks', () => {
  test('are those that networks need, and are registered once', () => {
    const names = borrowMissingKernels();
    const tested = new Set(operations.map(({ operation }) => operation));
    expect([...tested].filter((name) => !names.includes(name))).toEqual([]);
    // Native kernels stay.
    for (const native of ['Conv2D', 'GatherV2', 'Bincount', 'Relu']) expect(names).not.toContain(native);
    expect(borrowMissingKernels()).toBe(names);
  });

  test('give what Python TensorFlow gives, and leave nothing behind', () => {
    borrowMissingKernels();
    expect(operations.length).toBeGreaterThan(14);
    const before = tf.memory().numTensors;
    for (const golden of operations) {
      const what = `${golden.operation} ${JSON.stringify(golden.attributes)}`;
      tf.tidy(() => {
        const results = runKernel(golden);
        expect(results.length, what).toBe(golden.outputs.length);
        for (const [index, wanted] of golden.outputs.entries()) expectSame(results[index], wanted, what);
      });
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});
