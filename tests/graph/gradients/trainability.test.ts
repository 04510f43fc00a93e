/** Where a network can't be trained, and from where on it can. */
import { expect, test } from 'vitest';
import { parametersFrom } from '../../../src/graph/gradients/parameters-from.js';
import { findTrainable } from '../../../src/graph/gradients/trainability.js';
import { tf } from '../../../src/runtime/tensorflow.js';
import { openNetwork } from '../../../src/transfer/open-network.js';
import { type PlainTensor, writeTfjs } from '../../formats/tiny-tfjs.js';
import { thrownBy } from '../../support/thrown-by.js';
import { blockedGraph } from './blocked-graph.js';

test('an operation without a gradient is named, and what is behind it trains', async () => {
  const { modelTopology, weights, outputs } = blockedGraph;
  const { folder, card } = await writeTfjs('tfjs-graph', modelTopology, weights, {
    extra: { signature: { outputs } },
  });
  const network = await openNetwork(folder, card);
  const x = tf.tensor2d([[1, 2]]);
  const before = tf.memory().numTensors;
  const found = await findTrainable(network, { x });
  expect(tf.memory().numTensors).toBe(before);
  expect(found).toEqual({
    given: [],
    obstacles: [{ layer: 'middle', kind: 'Cumprod', operation: 'Cumprod', parameters: ['early'] }],
    from: 'last',
    parameters: ['late'],
    frozen: ['early', 'unused'],
  });
  expect(parametersFrom(network, found, 'last')).toEqual(['late']);
  // What the operation can't pass on is not asked for.
  expect(parametersFrom(network, found, 'middle')).toEqual(['late']);
  const refused = await thrownBy(() => parametersFrom(network, found, 'first'));
  expect(refused).toMatchObject({ code: 'DATA', found: 'Cumprod in middle, behind early' });
  expect(refused.hint).toContain('last');
  expect(await thrownBy(() => parametersFrom(network, found, 'lost'))).toMatchObject({ code: 'NOT_FOUND' });
  const late = tf.variable(tf.tensor2d([1, 0, 0, 1], [2, 2]));
  network.assign('late', late);
  const { value, grads } = tf.variableGrads(() => tf.sum(network.forward({ x })[0] ?? x).asScalar(), [late]);
  // Of the products of [1, 3] from left to right, twice: one for each output.
  expect([...(grads[late.name]?.dataSync() ?? [])]).toEqual([1, 1, 3, 3]);
  tf.dispose([value, ...Object.values(grads), x]);
  network.dispose();
});

test('inputs that it fails on leave nothing behind', async () => {
  const { modelTopology, weights, outputs } = blockedGraph;
  const wide: PlainTensor = { dtype: 'float32', shape: [3, 3], data: Array.from({ length: 9 }, () => 1) };
  const { folder, card } = await writeTfjs(
    'tfjs-graph',
    modelTopology,
    { ...weights, late: wide },
    { extra: { signature: { outputs } } },
  );
  const network = await openNetwork(folder, card);
  const x = tf.tensor2d([[1, 2]]);
  const before = tf.memory().numTensors;
  expect(await thrownBy(() => findTrainable(network, { x }))).toMatchObject({ code: 'DATA' });
  expect(tf.memory().numTensors).toBe(before);
  x.dispose();
  network.dispose();
});
