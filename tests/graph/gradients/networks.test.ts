/** Every network of the catalogue that opens trains: all its parameters get gradients, and those that belong to them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Network } from '../../../src/formats/network.js';
import { exampleInputs } from '../../../src/graph/gradients/example-inputs.js';
import { findTrainable, type Trainability } from '../../../src/graph/gradients/trainability.js';
import {
  type NamedTensorMap,
  type Scalar,
  type Tensor,
  tf,
  type Variable,
} from '../../../src/runtime/tensorflow.js';
import { openNetwork } from '../../../src/transfer/open-network.js';
import { realModel } from '../../support/real-model.js';

interface Expected {
  readonly reference: string;
  readonly from: string;
  readonly parameters: number;
  readonly given: number;
  readonly frozen: number;
  /** Of the noise that it gets, -1 to 1 else. */
  readonly range?: readonly [number, number];
}

const NETWORKS: readonly Expected[] = [
  { reference: 'mobilenet-v2', from: 'features.0.0', parameters: 158, given: 0, frozen: 0 },
  { reference: 'resnet50', from: 'conv1', parameters: 214, given: 0, frozen: 0 },
  { reference: 'efficientnet-lite0', from: '_conv_stem', parameters: 149, given: 0, frozen: 0 },
  {
    reference: 'basic-pitch',
    from: 'StatefulPartitionedCall/model_1/re_lu_1/Relu',
    parameters: 12,
    given: 0,
    frozen: 0,
  },
  { reference: 'resemblyzer', from: 'lstm.0', parameters: 14, given: 0, frozen: 0, range: [0, 0.2] },
  // Its outputs do not use the pooler.
  { reference: 'minilm-l6-v2', from: 'embeddings', parameters: 101, given: 0, frozen: 2 },
  {
    reference: 'use-lite',
    from: 'module_apply_default/Encoder_en/KonaTransformer/Encode/embedding_lookup',
    parameters: 29,
    given: 2,
    frozen: 0,
  },
  {
    reference: 'guesslang',
    from: 'dnn/input_from_feature_columns/input_layer/content_embedding_1/content_embedding_weights/embedding_lookup_sparse',
    parameters: 9,
    given: 5,
    frozen: 0,
  },
];

describe.each(NETWORKS)('$reference', ({ reference, from, parameters, given, frozen, range = [-1, 1] }) => {
  let network: Network;
  let found: Trainability;
  let feeds: NamedTensorMap;
  const variables = new Map<string, Variable>();

  beforeAll(async () => {
    const { folder, card } = await realModel(reference);
    network = await openNetwork(folder, card);
    const inputs = exampleInputs(network, card);
    for (const [name, { dtype, shape }] of Object.entries(inputs)) {
      // Zeros reach kinks everywhere.
      if (dtype !== 'float32') continue;
      inputs[name]?.dispose();
      inputs[name] = tf.randomUniform(shape, ...range, 'float32', 5);
    }
    found = await findTrainable(network, inputs);
    const values = found.given.length === 0 ? [] : await network.run(inputs, found.given);
    feeds = { ...inputs };
    found.given.forEach((name, index) => {
      const value = values[index];
      if (value !== undefined) feeds[name] = value;
    });
    for (const name of found.parameters) {
      const value = network.parameters.get(name)?.value;
      if (value === undefined) continue;
      const variable = tf.variable(value.clone());
      variables.set(name, variable);
      network.assign(name, variable);
    }
  });

  afterAll(() => {
    network.dispose();
    tf.dispose(feeds);
  });

  test('trains from its first parameters on', () => {
    expect({ from: found.from, parameters: found.parameters.length }).toEqual({ from, parameters });
    expect(found.obstacles).toEqual([]);
    expect({ given: found.given.length, frozen: found.frozen.length }).toEqual({ given, frozen });
  });

  test('gives each parameter a finite gradient, and constants none', () => {
    const { value, grads } = tf.variableGrads(() => loss(network, feeds), [...variables.values()]);
    try {
      expect(Number.isFinite(value.dataSync()[0])).toBe(true);
      expect(Object.keys(grads).length).toBe(variables.size);
      let changing = 0;
      for (const [name, gradient] of Object.entries(grads)) {
        const largest = tf.tidy(() => tf.max(tf.abs(gradient)).dataSync()[0] ?? Number.NaN);
        expect(Number.isFinite(largest), name).toBe(true);
        if (largest > 0) changing += 1;
      }
      // Rows that no example looks up, and units that no example wakes, have none for now.
      expect(changing).toBeGreaterThan(0.9 * variables.size);
      const constants = [...network.parameters.values()].filter(({ trainable }) => !trainable);
      expect(constants.filter(({ name }) => variables.has(name))).toEqual([]);
    } finally {
      tf.dispose([value, ...Object.values(grads)]);
    }
  });

  test('gives gradients that finite differences have', () => {
    const list = [...variables.values()];
    const { value, grads } = tf.variableGrads(() => loss(network, feeds), list);
    for (const place of [0, 0.25, 0.5, 0.75, 1]) {
      const variable = list[Math.round(place * (list.length - 1))];
      const gradient = grads[variable?.name ?? '']?.dataSync();
      if (variable === undefined || gradient === undefined) throw new Error('no gradient');
      const index = [...gradient].reduce(
        (best, each, at) => (Math.abs(each) > Math.abs(gradient[best] ?? 0) ? at : best),
        0,
      );
      const slope = gradient[index] ?? 0;
      // A large step crosses kinks, a small one drowns in rounding: which one fits depends on the network.
      const off = [1e-2, 1e-3, 1e-4].map((step) => {
        const up = moved(variable, index, step, () => exactLoss(network, feeds));
        const down = moved(variable, index, -step, () => exactLoss(network, feeds));
        return Math.abs((up - down) / (2 * step) / slope - 1);
      });
      expect(Math.min(...off), `${place} of the parameters: slope ${slope}`).toBeLessThan(0.02);
    }
    tf.dispose([value, ...Object.values(grads)]);
  });
});

/** Of the network's outputs as numbers: each element times a weight that differs from its neighbours'. */
function loss(network: Network, feeds: NamedTensorMap): Scalar {
  return tf.tidy(() =>
    weighted(outputsOf(network, feeds)).reduce((sum, term) => tf.add(sum, term), tf.scalar(0)),
  );
}

function outputsOf(network: Network, feeds: NamedTensorMap): Tensor[] {
  const names = network.outputs.filter(({ dtype }) => dtype === 'float32').map(({ name }) => name);
  return network.forward(feeds, names);
}

function weighted(outputs: readonly Tensor[]): Scalar[] {
  return outputs.map((output) => tf.sum(tf.mul(output, weightsOf(output))).asScalar());
}

function weightsOf({ shape, size }: Tensor): Tensor {
  return tf.tensor(
    Float32Array.from({ length: size }, (_, index) => Math.sin(1 + index * 0.7) / Math.sqrt(size)),
    shape,
  );
}

/** Summed in double precision. */
function exactLoss(network: Network, feeds: NamedTensorMap): number {
  return tf.tidy(() =>
    outputsOf(network, feeds)
      .flatMap((output) => {
        const weights = weightsOf(output).dataSync();
        return [...output.dataSync()].map((value, index) => value * (weights[index] ?? 0));
      })
      .reduce((sum, term) => sum + term, 0),
  );
}

/** The loss where one number of a variable is another. */
function moved(variable: Variable, index: number, by: number, f: () => number): number {
  const original = tf.keep(variable.clone());
  const values = original.dataSync().slice();
  values[index] = (values[index] ?? 0) + by;
  tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
  try {
    return f();
  } finally {
    variable.assign(original);
    original.dispose();
  }
}
