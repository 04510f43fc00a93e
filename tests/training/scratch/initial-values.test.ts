import { describe, expect, it } from 'vitest';
import { architectureCalled, buildUntrained } from '../../../src/architectures/untrained/architectures.js';
import { LayersNetwork } from '../../../src/formats/tfjs-layers/layers-network.js';
import { drawInitialValues } from '../../../src/training/scratch/initial-values.js';

function drawn(seed: number, classes = 4): Map<string, Float32Array> {
  const { model } = buildUntrained(architectureCalled('convnet'), { size: 12, channels: 3 }, classes);
  const network = new LayersNetwork(model);
  drawInitialValues(network, seed);
  const values = [...network.parameters].map(
    ([name, { value }]) => [name, Float32Array.from(value.dataSync())] as const,
  );
  network.dispose();
  return new Map(values);
}

const valuesOf = (values: ReadonlyMap<string, Float32Array>, name: string) => values.get(name) ?? [];

describe('drawInitialValues', () => {
  it('gives the same values for the same seed, and others for another', () => {
    expect(drawn(3)).toEqual(drawn(3));
    expect(drawn(3).get('conv1/kernel')).not.toEqual(drawn(4).get('conv1/kernel'));
  });

  it('spreads kernels evenly up to the limit of Glorot and Bengio, and leaves biases', () => {
    const values = drawn(1);
    // 3 x 3 places of 32 channels in and out: √(6 / 576).
    for (const [name, limit] of [
      ['conv1/kernel', Math.sqrt(6 / (27 + 288))],
      ['conv2/kernel', Math.sqrt(6 / 576)],
      ['hidden/kernel', Math.sqrt(6 / (512 + 128))],
    ] as const) {
      const kernel = [...valuesOf(values, name)];
      const largest = Math.max(...kernel.map(Math.abs));
      expect(largest, name).toBeLessThanOrEqual(Math.fround(limit));
      expect(largest, name).toBeGreaterThan(0.97 * limit);
      const square = kernel.reduce((sum, value) => sum + value ** 2, 0) / kernel.length;
      expect(Math.abs(Math.sqrt(3 * square) / limit - 1), name).toBeLessThan(0.05);
    }
    expect([...valuesOf(values, 'conv1/bias')].every((value) => value === 0)).toBe(true);
  });

  it('gives a layer the same values whatever other layers there are', () => {
    expect(drawn(5, 4).get('conv2/kernel')).toEqual(drawn(5, 7).get('conv2/kernel'));
  });
});
