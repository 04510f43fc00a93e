import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openTfjsGraph } from '../../../src/formats/tfjs-graph/open-tfjs-graph.js';
import { writeTfjsGraph } from '../../../src/formats/tfjs-graph/write-tfjs-graph.js';
import { readTfjsModel } from '../../../src/formats/tfjs-model.js';
import { readTfjsWeights, type StoredWeight } from '../../../src/formats/tfjs-weights.js';
import { tf } from '../../../src/runtime/tensorflow.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { loadPlainGraph } from '../plain-tfjs.js';
import { tinyCard } from '../tiny-tfjs.js';

const constant = (name: string, dtype: string) => ({ name, op: 'Const', attr: { dtype: { type: dtype } } });

/** `x * 2 + offset`, and constants of every type that nothing reads. */
const GRAPH = {
  modelTopology: {
    node: [
      { name: 'x', op: 'Placeholder', attr: { dtype: { type: 'DT_FLOAT' } } },
      constant('two', 'DT_FLOAT'),
      constant('offset', 'DT_FLOAT'),
      constant('axes', 'DT_INT32'),
      constant('flags', 'DT_BOOL'),
      constant('words', 'DT_STRING'),
      { name: 'product', op: 'Mul', input: ['x', 'two'] },
      { name: 'sum', op: 'AddV2', input: ['product', 'offset'] },
    ],
    versions: {},
  },
  signature: { inputs: { x: { name: 'x:0' } }, outputs: { y: { name: 'sum:0' } } },
};
const WEIGHTS: StoredWeight[] = [
  { name: 'two', shape: [], dtype: 'float32', data: Float32Array.of(2) },
  { name: 'offset', shape: [3], dtype: 'float32', data: Float32Array.of(1, -1, 0.5) },
  { name: 'axes', shape: [2], dtype: 'int32', data: Int32Array.of(-1, 7) },
  { name: 'flags', shape: [3], dtype: 'bool', data: Uint8Array.of(1, 0, 1) },
  {
    name: 'words',
    shape: [2],
    dtype: 'string',
    data: ['zoo', 'é'].map((text) => new TextEncoder().encode(text)),
  },
];

test('plain TensorFlow.js and our reader compute what is written', async () => {
  const folder = await temporaryFolder('graph');
  await writeTfjsGraph(folder, { ...GRAPH, weights: WEIGHTS }, { metadata: { labels: ['a'] } });
  const plain = await loadPlainGraph(folder);
  expect(plain.metadata).toEqual({ labels: ['a'] });
  const network = await openTfjsGraph(folder, tinyCard('tfjs-graph'));
  const input = tf.tensor2d([[1, 2, 3]]);
  const answer = plain.predict(input);
  const [own] = await network.run(input);
  for (const tensor of [answer, own]) {
    if (!(tensor instanceof tf.Tensor)) throw new Error('not one tensor');
    expect(Array.from(tensor.dataSync())).toEqual([3, 3, 6.5]);
  }
  tf.dispose([input, answer, own ?? []]);
  plain.dispose();
  network.dispose();
});

test('tensors of every type come back', async () => {
  const folder = await temporaryFolder('graph');
  await writeTfjsGraph(folder, { ...GRAPH, weights: WEIGHTS });
  const found: StoredWeight[] = [];
  for await (const weight of readTfjsWeights(await readTfjsModel(folder, tinyCard('tfjs-graph'))))
    found.push(weight);
  expect(found.map(({ name, shape, dtype }) => ({ name, shape, dtype }))).toEqual(
    WEIGHTS.map(({ name, shape, dtype }) => ({ name, shape, dtype })),
  );
  expect(found.map(({ data }) => Array.from(data, String))).toEqual(
    WEIGHTS.map(({ data }) => Array.from(data, String)),
  );
});

test('a shape that does not fit is refused before anything is written', async () => {
  const folder = await temporaryFolder('graph');
  await writeFile(join(folder, 'mine.txt'), 'precious');
  const weights: StoredWeight[] = [{ name: 'two', shape: [2], dtype: 'float32', data: Float32Array.of(2) }];
  await expect(writeTfjsGraph(folder, { ...GRAPH, weights })).rejects.toThrow(RangeError);
  expect(await readdir(folder)).toEqual(['mine.txt']);
});
