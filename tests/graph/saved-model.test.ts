import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256OfFile } from '../../src/core/digest.js';
import { Graph } from '../../src/graph/graph.js';
import { writeSavedModel } from '../../src/graph/saved-model.js';
import { describeSavedModel } from '../../src/registry/describe/saved-model.js';
import { tf } from '../../src/runtime/tensorflow.js';
import golden from '../golden/graph-saved-models.json' with { type: 'json' };
import { temporaryFolder } from '../support/temporary-folder.js';
import { thrownBy } from '../support/thrown-by.js';
import { GOLDEN_GRAPHS } from './golden-graphs.js';
import { runOnce } from './traced.js';

/** Relative to the largest number; what is seen is below 1e-6. */
const TOLERANCE = 1e-5;

describe('a SavedModel written in Node', () => {
  it.each(Object.entries(golden.graphs))(
    'gives in Python what it gives here: %s',
    async (name, { sha256, cases }) => {
      const made = GOLDEN_GRAPHS[name];
      if (made === undefined)
        throw new Error(`the golden file has a graph ${name} that is not made any more`);
      const graph = made.make();
      const folder = join(await temporaryFolder(), 'model');
      writeSavedModel(folder, graph, { serving_default: graph });
      // Python has opened these very bytes. Weights that were computed while folding may differ in their last bit.
      if (name !== 'folded') expect(await sha256OfFile(join(folder, 'saved_model.pb'))).toBe(sha256);
      for (const [index, { input, shape, first, sum, norm }] of cases.entries()) {
        const x = made.inputs[index]?.();
        expect(x?.shape).toEqual(input);
        const [output] = runOnce(graph, x ? [x] : []);
        const values = [...(output?.dataSync() ?? [])];
        expect(output?.shape).toEqual(shape);
        const largest = Math.max(...values.map(Math.abs));
        for (const [position, value] of first.entries()) {
          expect(Math.abs((values[position] ?? Number.NaN) - value)).toBeLessThan(TOLERANCE * largest);
        }
        expect(Math.abs(values.reduce((total, value) => total + value, 0) - sum)).toBeLessThan(
          TOLERANCE * largest * values.length,
        );
        expect(Math.hypot(...values) / norm).toBeCloseTo(1, 5);
        tf.dispose([x, output].flatMap((tensor) => tensor ?? []));
      }
      graph.dispose();
    },
  );

  it('is described by the reader of the registry as what it is', async () => {
    const folder = await temporaryFolder();
    const graph = GOLDEN_GRAPHS.attention?.make() ?? new Graph();
    writeSavedModel(join(folder, 'model'), graph, { serving_default: graph });
    graph.dispose();
    const path = join(folder, 'model', 'saved_model.pb');
    const { length } = await readFile(path);
    const description = await describeSavedModel({ path: 'saved_model.pb', file: path, size: length }, []);
    expect(description.input).toMatchObject({ shape: [null, null], dtype: 'int32' });
    expect(description.output).toMatchObject({ units: 8 });
  });

  it('keeps weights of every type, large and small, to the bit', () => {
    const graph = new Graph();
    const values = [
      tf.keep(tf.linspace(-1, 1, 70_001)),
      tf.keep(tf.tensor2d([-(2 ** 31), 2 ** 31 - 1, 0, 7], [2, 2], 'int32')),
      tf.keep(tf.tensor1d([true, false, true], 'bool')),
      tf.keep(tf.tensor2d([], [0, 3])),
      tf.keep(tf.scalar(Number.NaN)),
    ];
    graph.outputs = values.map((value, index) => ({ name: `y${index}`, edge: graph.constant(value) }));
    const outputs = runOnce(graph, []);
    for (const [index, value] of values.entries()) {
      expect(outputs[index]?.shape).toEqual(value.shape);
      expect(outputs[index]?.dtype).toBe(value.dtype);
      expect(outputs[index]?.dataSync()).toEqual(value.dataSync());
    }
    tf.dispose(outputs);
    graph.dispose();
  });

  it('does not overwrite one that is there', async () => {
    const folder = await temporaryFolder();
    const graph = new Graph();
    writeSavedModel(folder, graph, {});
    expect(() => writeSavedModel(folder, graph, {})).toThrow(/EEXIST/);
  });

  it('refuses more than a file of it holds', async () => {
    const graph = new Graph();
    const one = tf.keep(tf.zeros([2 ** 26]));
    for (let index = 0; index < 9; index++) graph.constant(tf.keep(one.clone()));
    expect(await thrownBy(async () => writeSavedModel(await temporaryFolder(), graph, {}))).toMatchObject({
      code: 'DATA',
      expected: '2 GiB',
    });
    graph.dispose();
    one.dispose();
  });
});
