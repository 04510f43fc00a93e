import { describe, expect, it } from 'vitest';
import {
  ARCHITECTURES,
  architectureCalled,
  buildUntrained,
} from '../../../src/architectures/untrained/architectures.js';
import { LayersNetwork } from '../../../src/formats/tfjs-layers/layers-network.js';
import { tf } from '../../../src/runtime/tensorflow.js';
import { thrownBy } from '../../support/thrown-by.js';

describe.each(ARCHITECTURES)('$name', (architecture) => {
  it.each([
    { size: architecture.smallest, channels: 1 },
    { size: 32, channels: 3 },
  ] as const)('takes pictures of $size pixels with $channels channels', (shape) => {
    tf.scalar(0).dispose();
    const before = tf.memory().numTensors;
    const untrained = buildUntrained(architecture, shape, 4);
    const network = new LayersNetwork(untrained.model);
    const { body, features, output, alternatives } = untrained;
    const cuts = network.layers.filter(({ cut }) => cut).map(({ name }) => name);
    expect(cuts).toEqual(expect.arrayContaining([body, features, output, ...alternatives]));
    const pictures = tf.ones([2, shape.size, shape.size, shape.channels]);
    const [given, probabilities] = network.forward(pictures, [body, output]);
    expect(given?.rank).toBe(2);
    // All weights are 0, so no class is preferred.
    expect([...(probabilities?.dataSync() ?? [])]).toEqual(Array(8).fill(0.25));
    tf.dispose([pictures, given ?? [], probabilities ?? []]);
    network.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('says from which size on it takes pictures', async () => {
    const small = { size: architecture.smallest - 1, channels: 1 } as const;
    expect(await thrownBy(() => buildUntrained(architecture, small, 2))).toMatchObject({
      code: 'USAGE',
      expected: `${architecture.smallest} to 512 pixels a side`,
      found: small.size,
      hint: expect.stringContaining(`--image-size ${Math.max(28, architecture.smallest)}`),
    });
    for (const size of [513, 28.5, Number.NaN])
      expect(() => buildUntrained(architecture, { size, channels: 1 }, 2)).toThrow('of this size');
  });
});

it.each([
  // 320 + 9,248 + 589,952 + 645
  ['convnet', 'mnist_transfer_cnn', { size: 28, channels: 1 }, 5, 600_165],
  ['resnet8', "MLPerf Tiny's network", { size: 32, channels: 3 }, 10, 78_666],
  ['mobilenet-v2-035', 'keras.applications.MobileNetV2', { size: 40, channels: 3 }, 5, 416_613],
] as const)('%s has the weights of %s', (name, _, shape, classes, count) => {
  const { model } = buildUntrained(architectureCalled(name), shape, classes);
  expect(model.countParams()).toBe(count);
  model.dispose();
});

it('names what there is for an unknown architecture, and guesses a mistyped one', async () => {
  expect(await thrownBy(() => architectureCalled('Convent'))).toMatchObject({
    code: 'NOT_FOUND',
    expected: ARCHITECTURES.map(({ name }) => name).join(', '),
    hint: 'Did you mean convnet?',
  });
  expect(await thrownBy(() => architectureCalled('mobilenet-v2'))).toMatchObject({
    code: 'NOT_FOUND',
    hint: expect.stringContaining('zoo finetune'),
  });
});
