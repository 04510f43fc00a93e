import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { nativeBackend } from '../../src/graph/binding.js';
import { attribute, DT, Graph } from '../../src/graph/graph.js';
import { NativeGraph } from '../../src/graph/native-graph.js';
import { constantsToVariables } from '../../src/graph/variables.js';
import { tf } from '../../src/runtime/tensorflow.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { thrownBy } from '../support/thrown-by.js';
import { graphOf, numbers, operations } from './traced.js';

/** x [n, 4] times a matrix of sixteen numbers, plus a vector. */
function dense(): Graph {
  const kernel = numbers(4, 4);
  const bias = tf.tensor1d([1, 2, 3, 4]);
  const graph = graphOf(
    ([x]) => (x ? [tf.add(tf.matMul(x, kernel), bias)] : []),
    [numbers(2, 4)],
    [numbers(3, 4)],
  );
  tf.dispose([kernel, bias]);
  return graph;
}

const tensors = () => [tf.memory().numTensors, nativeBackend().binding.getNumOfTensors()];

describe('NativeGraph', () => {
  it('lives on when the graph and its files are gone, and leaves nothing behind', async () => {
    const folder = await temporaryFolder();
    const before = tensors();
    const graph = dense();
    const native = NativeGraph.open(graph, { temporaryFolder: folder });
    graph.dispose();
    expect(await readdir(folder)).toEqual([]);
    const sessions = tf.node.getNumOfSavedModels();
    for (let round = 0; round < 3; round++) {
      const x = numbers(5, 4);
      const outputs = native.run([x]);
      expect(outputs.map(({ shape }) => shape)).toEqual([[5, 4]]);
      tf.dispose([x, ...outputs]);
    }
    native.dispose();
    native.dispose();
    expect(tf.node.getNumOfSavedModels()).toBe(sessions - 1);
    expect(tensors()).toEqual(before);
  });

  it('keeps large weights in variables, filled once by a signature of their own', () => {
    const before = tensors();
    const graph = dense();
    const plain = NativeGraph.open(graph);
    const initialiser = constantsToVariables(graph, 64);
    if (initialiser === undefined) throw new Error('a kernel of 64 bytes must become a variable');
    expect(initialiser.values.map(({ shape }) => shape)).toEqual([[4, 4]]);
    expect(operations(graph).filter((op) => op === 'VarHandleOp')).toHaveLength(1);
    const native = NativeGraph.open(graph, { signatures: { init: initialiser.signature } });
    const other = NativeGraph.open(graph, { signatures: { init: initialiser.signature } });
    tf.dispose(native.run(initialiser.values, 'init'));
    tf.dispose([...initialiser.values]);
    graph.dispose();
    tf.tidy(() => {
      const x = numbers(3, 4);
      expect(native.run([x])[0]?.arraySync()).toEqual(plain.run([x])[0]?.arraySync());
      // Sessions share no variables.
      expect(() => other.run([x])).toThrow();
    });
    for (const each of [plain, native, other]) each.dispose();
    expect(tensors()).toEqual(before);
    const small = dense();
    expect(constantsToVariables(small, 65)).toBeUndefined();
    small.dispose();
  });

  it('refuses wrong inputs, unknown signatures and use after dispose', async () => {
    const graph = dense();
    const native = NativeGraph.open(graph);
    graph.dispose();
    const x = numbers(2, 5);
    expect(await thrownBy(() => native.run([x]))).toMatchObject({
      code: 'DATA',
      found: expect.stringMatching(/Matrix size/),
    });
    expect(await thrownBy(() => native.run([]))).toMatchObject({
      code: 'USAGE',
      expected: 'x0',
      found: '0 tensors',
    });
    expect(await thrownBy(() => native.run([x], 'train'))).toMatchObject({
      code: 'USAGE',
      expected: 'serving_default',
    });
    native.dispose();
    expect(await thrownBy(() => native.run([x]))).toMatchObject({ code: 'USAGE' });
    x.dispose();
  });

  it('says what TensorFlow has against a graph, and leaves no files', async () => {
    const folder = await temporaryFolder();
    const graph = new Graph();
    const value = graph.constant(tf.keep(tf.scalar(1)));
    const edge = graph.add('Odd', {
      op: 'NoSuchOperation',
      inputs: [value],
      attributes: { T: attribute.type(DT.float32) },
      outputs: [{ dtype: DT.float32, shape: [] }],
    });
    graph.outputs = [{ name: 'y', edge }];
    expect(await thrownBy(() => NativeGraph.open(graph, { temporaryFolder: folder }))).toMatchObject({
      code: 'DATA',
      found: expect.stringContaining('NoSuchOperation'),
    });
    expect(await readdir(folder)).toEqual([]);
    graph.dispose();
  });
});
