/** Adapted models with numbers out of formulas, exported and asked as plain TensorFlow.js asks. */
import { join } from 'node:path';
import type * as tfjs from '@tensorflow/tfjs-node';
import type { Weight } from '../../src/formats/weight.js';
import type { Card } from '../../src/registry/card.js';
import { type Tensor, tf } from '../../src/runtime/tensorflow.js';
import { AdaptedModel } from '../../src/training/adapted-model.js';
import { type BackboneOptions, openBackbone } from '../../src/transfer/backbone.js';
import { FittedHead } from '../../src/transfer/heads/fitted-head.js';
import type { Head } from '../../src/transfer/heads/head.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { IMAGE_INPUT, saveTiny, type TinyNetwork } from '../transfer/tiny-network.js';

export const LABELS = ['one', 'two', 'three'];

/** 8 x 8 pictures, normalised, to a map of 6 x 6 x 4, to 5 features, to 3 classes. */
export async function tinyLayers(): Promise<TinyNetwork> {
  const { layers } = tf;
  const seeded = (seed: number) => tf.initializers.glorotUniform({ seed });
  let flow = tf.input({ name: 'x', shape: [8, 8, 3] });
  const input = flow;
  for (const layer of [
    layers.conv2d({ name: 'conv', filters: 4, kernelSize: 3, useBias: false, kernelInitializer: seeded(1) }),
    layers.batchNormalization({ name: 'norm', center: true, scale: false }),
    layers.reLU({ name: 'map', maxValue: 6 }),
    layers.conv2d({ name: 'conv2', filters: 5, kernelSize: 3, kernelInitializer: seeded(2) }),
    layers.globalMaxPooling2d({ name: 'pool' }),
    layers.dense({ name: 'classes', units: 3, activation: 'softmax', kernelInitializer: seeded(3) }),
  ]) {
    flow = layer.apply(flow) as typeof input; // of one symbolic tensor
  }
  return saveTiny(tf.model({ name: 'tiny', inputs: input, outputs: flow }), {
    name: 'tiny-eye',
    input: IMAGE_INPUT,
    output: { layer: 'classes', units: 3, activation: 'softmax', labels: LABELS },
    features: { layer: 'pool', width: 5, head: 'classes', pooling: 'none' },
  });
}

/** With every trained tensor of the network changed, and a head that was never fitted to anything. */
export async function adapted(
  network: TinyNetwork,
  head: Head,
  options: Pick<BackboneOptions, 'cut' | 'pooling'> = {},
): Promise<AdaptedModel> {
  const backbone = await openBackbone({ ...network, ...options });
  for (const { name, trainable, value } of [...backbone.network.parameters.values()]) {
    if (trainable)
      backbone.network.assign(
        name,
        tf.tidy(() => value.mul(1.25).add(tf.range(0, value.size).sin().mul(0.1).reshape(value.shape))),
      );
  }
  return new AdaptedModel(
    backbone,
    head,
    {},
    new FittedHead(head, backbone.width, numbersFor(head, backbone.width)),
  );
}

function numbersFor(head: Head, width: number): Map<string, Weight> {
  return new Map(
    [...head.shapes(width)].map(([name, open]): [string, Weight] => {
      const shape = open.map((size) => size ?? 7);
      const length = shape.reduce((product, size) => product * size, 1);
      const of = (value: (index: number) => number) => Array.from({ length }, (_, index) => value(index));
      if (name === 'classes')
        return [name, { shape, dtype: 'int32', data: Int32Array.from(of((index) => index % head.outputs)) }];
      const data = name === 'spread' ? of(() => 0.4) : of((index) => Math.sin(1.7 * index + 0.3));
      return [name, { shape, dtype: 'float32', data: Float32Array.from(data) }];
    }),
  );
}

/** As `AdaptedModel.save` would write it. */
export function cardOf({ backbone, head }: AdaptedModel): Card {
  const { card } = backbone;
  return {
    ...card,
    name: 'my-model',
    format: { name: 'zoo-adapted' },
    output: {
      units: head.outputs,
      activation: head.activation,
      ...(head.labels.length > 0 ? { labels: [...head.labels] } : {}),
    },
    base: { reference: 'image/tiny-eye@1.0.0', digest: backbone.digest },
  };
}

export async function newFolder(): Promise<string> {
  return join(await temporaryFolder('export'), 'out');
}

/** Two pictures that are nobody's. */
export function noise(side = 8): tfjs.Tensor {
  return tf.randomUniform([2, side, side, 3], 0, 1, 'float32', 5);
}

/** What the model itself says about rows that are prepared already. */
export async function answersOf(model: AdaptedModel, inputs: Tensor): Promise<Float32Array> {
  const [rows = 0, ...shape] = inputs.shape;
  const values = Float32Array.from(await inputs.data());
  const size = values.length / rows;
  const prepared = Array.from({ length: rows }, (_, row) => ({
    rows: 1,
    shape,
    values: values.slice(row * size, (row + 1) * size),
  }));
  return model.scores(prepared);
}

export type PlainModel = Pick<tfjs.GraphModel | tfjs.LayersModel, 'predict' | 'dispose'>;

/** The largest difference between what a plain model predicts and what is expected. */
export function differs(model: PlainModel, inputs: Tensor, expected: ArrayLike<number>): number {
  const answer = model.predict(inputs);
  if (!(answer instanceof tf.Tensor)) throw new Error('not one tensor');
  const numbers = answer.dataSync();
  answer.dispose();
  if (numbers.length !== expected.length) return Number.POSITIVE_INFINITY;
  return Math.max(
    ...Array.from(numbers, (number, index) => Math.abs(number - (expected[index] ?? Number.NaN))),
  );
}
