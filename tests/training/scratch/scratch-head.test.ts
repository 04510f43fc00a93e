import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { architectureCalled, buildUntrained } from '../../../src/architectures/untrained/architectures.js';
import type { UntrainedNetwork } from '../../../src/architectures/untrained/untrained.js';
import { LayersNetwork } from '../../../src/formats/tfjs-layers/layers-network.js';
import { type Tensor, tf } from '../../../src/runtime/tensorflow.js';
import { drawInitialValues } from '../../../src/training/scratch/initial-values.js';
import { assignHead, scratchHead } from '../../../src/training/scratch/scratch-head.js';
import { FittedHead } from '../../../src/transfer/heads/fitted-head.js';

const LABELS = ['a', 'b', 'c'];

describe('the dense layers as a head', () => {
  let untrained: UntrainedNetwork;
  let network: LayersNetwork;

  beforeEach(() => {
    untrained = buildUntrained(architectureCalled('convnet'), { size: 8, channels: 1 }, LABELS.length);
    network = new LayersNetwork(untrained.model);
    drawInitialValues(network, 1);
  });
  afterEach(() => network.dispose());

  it('give what the layers give', async () => {
    const { head, start } = await scratchHead(untrained, network, LABELS);
    const pictures = tf.randomUniform([5, 8, 8, 1], 0, 1, 'float32', 7);
    const [body, output] = network.forward(pictures, ['flatten', 'output']);
    if (body === undefined || output === undefined) throw new Error('two cuts give two tensors');
    const features = Float32Array.from(body.dataSync());
    const scores = new FittedHead(head, 128, start).scores(features, 5);
    const expected = output.dataSync();
    expect(scores).toHaveLength(15);
    for (const [at, score] of scores.entries()) expect(score).toBeCloseTo(expected[at] ?? 0, 5);
    tf.dispose([pictures, body, output]);
  });

  it('drop a quarter of what they see and half of the hidden units, while training only', async () => {
    const { head, start } = await scratchHead(untrained, network, LABELS);
    const { differentiable } = head;
    if (differentiable === undefined) throw new Error('it is trained by gradients');
    expect(differentiable.drops).toBe(true);
    const drops: [rate: number, units: number][] = [];
    const keepAll = (units: Tensor, rate: number) => {
      drops.push([rate, units.shape[1] ?? 0]);
      return units.clone();
    };
    tf.tidy(() => {
      const features = tf.ones([2, 128]).as2D(2, 128);
      const parameters = differentiable.names.map((name) => {
        const weight = start.get(name);
        return tf.tensor(weight?.data ?? [], [...(weight?.shape ?? [])]);
      });
      const trained = differentiable.apply(features, parameters, keepAll).dataSync();
      expect(differentiable.apply(features, parameters).dataSync()).toEqual(trained);
    });
    expect(drops).toEqual([
      [0.25, 128],
      [0.5, 128],
    ]);
  });

  it('go back to where they came from', async () => {
    const { start, names } = await scratchHead(untrained, network, LABELS);
    const changed = new Map(
      [...start].map(([name, weight]) => [
        name,
        { ...weight, data: Float32Array.from(weight.data, (value) => value + 1) },
      ]),
    );
    assignHead(network, names, changed);
    const again = await scratchHead(untrained, network, LABELS);
    expect(again.start).toEqual(changed);
    expect([...names.values()].sort()).toEqual([
      'hidden/bias',
      'hidden/kernel',
      'output/bias',
      'output/kernel',
    ]);
  });
});
