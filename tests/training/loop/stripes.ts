/** A task that only training solves, and a network that is trained in a second. */
import type { Dataset } from '../../../src/data/dataset.js';
import { rawImage } from '../../../src/data/image/raw-image.js';
import { Random } from '../../../src/data/random.js';
import { tf } from '../../../src/runtime/tensorflow.js';
import { classifier } from '../../../src/transfer/heads/classifier.js';
import { dataset, example } from '../../transfer/sample-data.js';
import { IMAGE_INPUT, saveTiny } from '../../transfer/tiny-network.js';

export const LABELS = ['across', 'down'];

/**
 * Stripes across or down, at chance brightness: what four random filters tell apart only with luck.
 * @param noise most that is added to or taken from each pixel by chance.
 */
export function stripes(count: number, seed = 0, noise = 0): Dataset {
  return dataset(
    'image',
    Array.from({ length: count }, (_, index) => {
      const side = index % 2;
      const load = () => {
        const data = new Uint8Array(8 * 8 * 3);
        for (let y = 0; y < 8; y++) {
          for (let x = 0; x < 8; x++) {
            const on = (side === 0 ? y : x) % 2 === (index + seed) % 2;
            data.fill(on ? 150 + ((index * 37 + seed * 11) % 100) : 20, (y * 8 + x) * 3, (y * 8 + x) * 3 + 3);
          }
        }
        const random = Random.seeded(1000 * seed + index);
        const noisy = data.map((value) =>
          Math.min(255, Math.max(0, value + noise * (2 * random.uniform() - 1))),
        );
        return rawImage(8, 8, noise === 0 ? data : noisy);
      };
      return example(`${seed}-${index}.png`, load, [LABELS[side] ?? '']);
    }),
  );
}

/** @param filters of the first layer: the more, the more memory a step takes. */
export function stripesNetwork(filters = 4) {
  const input = tf.input({ name: 'x', shape: [8, 8, 3] });
  let flow = input;
  for (const layer of [
    tf.layers.conv2d({
      name: 'conv1',
      filters,
      kernelSize: 3,
      useBias: false,
      kernelInitializer: seeded(1),
    }),
    tf.layers.batchNormalization({ name: 'norm1' }),
    tf.layers.reLU({ name: 'relu1', maxValue: 6 }),
    tf.layers.conv2d({ name: 'conv2', filters: 6, kernelSize: 3, kernelInitializer: seeded(2) }),
    tf.layers.reLU({ name: 'relu2' }),
    tf.layers.globalAveragePooling2d({ name: 'pool' }),
    tf.layers.dense({ name: 'classes', units: 3, activation: 'softmax', kernelInitializer: seeded(3) }),
  ]) {
    flow = layer.apply(flow) as typeof input; // of one symbolic tensor
  }
  return saveTiny(tf.model({ name: 'tiny', inputs: input, outputs: flow }), {
    name: 'tiny-stripes',
    input: IMAGE_INPUT,
    output: { layer: 'classes', units: 3, activation: 'softmax' },
    features: { layer: 'pool', width: 6, head: 'classes', pooling: 'none' },
  });
}

const seeded = (seed: number) => tf.initializers.glorotUniform({ seed });
/** A new head for it. */
export const stripesHead = () => classifier({ labels: LABELS, scaling: 'unit-length' });

/** Of 48 stripes: 90 steps as a graph, on 40 of them, with a head that drops units. */
export const LONG_RUN = {
  seed: 5,
  train: 'all',
  fineTune: { epochs: 18, learningRate: 0.005, batchSize: 8, earlyStopping: { share: 1 / 6, patience: 18 } },
} as const;
