import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nativeBackend } from '../../src/graph/binding.js';
import { type TracedNode, trace } from '../../src/graph/trace.js';
import { type Tensor, tf } from '../../src/runtime/tensorflow.js';
import { thrownBy } from '../support/thrown-by.js';

const counts = () => [tf.memory().numTensors, nativeBackend().binding.getNumOfTensors()];
let before: number[];
let binding: unknown;

beforeEach(() => {
  before = counts();
  binding = nativeBackend().binding;
});

afterEach(() => {
  expect(counts()).toEqual(before);
  expect(nativeBackend().binding).toBe(binding);
});

/** What tracing `f` on [[1, 2], [3, 4]] writes down. */
function traced(f: (x: Tensor) => readonly Tensor[]): { nodes: readonly TracedNode[]; text: string[] } {
  const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  try {
    const { nodes, dispose } = trace(([input = x]) => f(input), [{ name: 'x', tensor: x }]);
    dispose();
    return {
      nodes,
      text: nodes.map(
        ({ op, inputs }) => `${op}(${inputs.map((edge) => `${edge.index}:${edge.output}`).join(' ')})`,
      ),
    };
  } finally {
    x.dispose();
  }
}

describe('trace', () => {
  it('writes each operation down with its attributes, and what it reads', () => {
    const { nodes, text } = traced((x) => [tf.relu(tf.matMul(x, x, false, true)), tf.split(x, 2, 1)[1] ?? x]);
    expect(text).toEqual([
      'Placeholder()',
      'BatchMatMulV2(0:0 0:0)',
      'Relu(1:0)',
      'Const()',
      'Const()',
      'SplitV(0:0 3:0 4:0)',
    ]);
    expect(nodes[1]?.attributes).toMatchObject({
      adj_y: { kind: 'bool', value: true },
      T: { kind: 'type', value: 1 },
    });
    expect(nodes[5]?.outputs.map(({ shape }) => shape)).toEqual([
      [2, 1],
      [2, 1],
    ]);
  });

  it('is not confused by what is tidied and disposed on the way', () => {
    const weight = tf.scalar(2);
    const { text } = traced((x) => {
      const scaled = tf.tidy(() => tf.mul(tf.abs(x), weight));
      const copy = scaled.clone();
      scaled.dispose();
      weight.dispose();
      const thrownAway = tf.exp(copy);
      thrownAway.dispose();
      return [tf.neg(copy)];
    });
    expect(text).toEqual(['Placeholder()', 'Abs(0:0)', 'Const()', 'Mul(1:0 2:0)', 'Exp(3:0)', 'Neg(3:0)']);
  });

  it('keeps the values of constants that are gone when it is over', () => {
    const weight = tf.tensor1d([5, 6]);
    const x = tf.tensor1d([1, 2]);
    const { nodes, dispose } = trace(
      ([a = x]) => {
        const sum = tf.add(a, weight);
        weight.dispose();
        return [sum];
      },
      [{ name: 'x', tensor: x }],
    );
    x.dispose();
    expect([...(nodes[1]?.constant?.value.dataSync() ?? [])]).toEqual([5, 6]);
    dispose();
  });

  it('says what an operation leaves to the binding to find out', () => {
    const { nodes } = traced((x) => [tf.expandDims(x, 0)]);
    expect(nodes.at(-1)).toMatchObject({ op: 'ExpandDims', attributes: { T: { kind: 'type', value: 1 } } });
  });

  it('gives inputs and constants as outputs too', () => {
    const two = tf.scalar(2);
    const x = tf.scalar(1);
    const { outputs, nodes, dispose } = trace(
      ([a = x]) => [a.clone(), two.clone()],
      [{ name: 'x', tensor: x }],
    );
    expect(outputs.map(({ index }) => nodes[index]?.op)).toEqual(['Placeholder', 'Const']);
    dispose();
    tf.dispose([x, two]);
  });

  it('refuses to read what depends on an input, and lets constants be read', async () => {
    expect(await thrownBy(() => traced((x) => [tf.scalar(tf.sum(x).dataSync()[0] ?? 0)]))).toMatchObject({
      code: 'DATA',
      message: expect.stringContaining('reads the value of a tensor'),
      found: 'the output of Sum',
    });
    expect(
      await thrownBy(() => traced((x) => [tf.scalar(x.arraySync() === undefined ? 0 : 1)])),
    ).toMatchObject({
      code: 'DATA',
      found: 'the output of Placeholder',
    });
    const two = tf.scalar(2);
    expect(traced((x) => [tf.mul(x, (two.dataSync()[0] ?? 0) + 1)]).text).toEqual([
      'Placeholder()',
      'Const()',
      'Mul(0:0 1:0)',
    ]);
    two.dispose();
  });

  it('lets a kernel check its indices, and sees no more of them', async () => {
    const rows = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    expect(traced((x) => [tf.gather(rows, tf.cast(tf.greater(x, 2), 'int32'))]).text.at(-1)).toMatch(
      /^GatherV2/,
    );
    const outside = () => traced((x) => [tf.gather(rows, tf.cast(x, 'int32'))]);
    expect(outside).toThrow(/not in \[0, 1\]/);
    expect(await thrownBy(() => traced((x) => [tf.scalar(x.dataSync()[0] ?? 0)]))).toMatchObject({
      code: 'DATA',
    });
    rows.dispose();
  });

  it('refuses what is asynchronous, nested, given twice or made of strings', async () => {
    const x = tf.scalar(1);
    const input = { name: 'x', tensor: x };
    const asynchronous = async () => {
      throw new Error('nobody waits for this');
    };
    // The types forbid it; JavaScript does not.
    expect(await thrownBy(() => trace(asynchronous as never, [input]))).toMatchObject({ code: 'DATA' });
    expect(
      await thrownBy(() => trace(() => [...trace(() => [x], [input]).outputs, x] as never, [input])),
    ).toMatchObject({
      message: expect.stringContaining('another one is being traced'),
    });
    expect(await thrownBy(() => trace(() => [x], [input, input]))).toMatchObject({ code: 'DATA' });
    const words = tf.tensor(['a', 'b']);
    expect(await thrownBy(() => trace(() => [x], [{ name: 'words', tensor: words }]))).toMatchObject({
      code: 'DATA',
    });
    expect(await thrownBy(() => trace(() => [tf.reshape(words, [2, 1])], [input]))).toMatchObject({
      code: 'DATA',
    });
    expect([...words.dataSync()]).toEqual(['a', 'b']);
    tf.dispose([x, words]);
  });

  it('puts everything back when the computation throws', () => {
    const fault = () =>
      traced((x) => {
        tf.abs(x);
        throw new RangeError('on purpose');
      });
    expect(fault).toThrow('on purpose');
    const x = tf.scalar(-3);
    expect(tf.tidy(() => tf.abs(x).dataSync()[0])).toBe(3);
    x.dispose();
  });
});
