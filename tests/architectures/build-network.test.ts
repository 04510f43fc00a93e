import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { buildNetwork } from '../../src/architectures/build-network.js';
import { layeredNetwork } from '../../src/architectures/layered-network.js';
import { openPytorch } from '../../src/architectures/open-pytorch.js';
import { resnet, resnetDepth } from '../../src/architectures/resnet.js';
import { voiceEncoder } from '../../src/architectures/voice-encoder.js';
import type { Network } from '../../src/formats/network.js';
import { readStateDict } from '../../src/formats/pytorch/read-state-dict.js';
import type { Weight, Weights } from '../../src/formats/weight.js';
import type { Card } from '../../src/registry/card.js';
import { type Tensor, tf, type Variable } from '../../src/runtime/tensorflow.js';
import { realModel } from '../support/real-model.js';
import { thrownBy } from '../support/thrown-by.js';
import { expectGolden, goldenInput, madeWeights, torchNetworks } from './torch-golden.js';

const opened: Network[] = [];

afterEach(() => {
  for (const network of opened.splice(0)) network.dispose();
});

function kept(network: Network): Network {
  opened.push(network);
  return network;
}

/** A real card with another architecture. */
async function cardOf(architecture: string): Promise<Card> {
  const { card } = await realModel('mobilenet-v2');
  return { ...card, name: 'test', architecture };
}

async function madeResnet(depth: '18' | '50'): Promise<Network> {
  const weights = madeWeights(torchNetworks.resnet[depth].shapes);
  const card = await cardOf(`ResNet${depth} (torchvision)`);
  return kept(await buildNetwork(card, weights, { imageSize: [null, null] }));
}

describe('networks with their published weights compute what PyTorch computes', () => {
  it('mobilenet-v2, also on pictures of an odd size', async () => {
    const { card, folder } = await realModel('mobilenet-v2');
    const network = kept(await openPytorch(folder, card, { imageSize: [null, null] }));
    for (const golden of torchNetworks.networks['mobilenet-v2']) await expectGolden(network, golden);
  });

  it('efficientnet-lite0', async () => {
    const { card, folder } = await realModel('efficientnet-lite0');
    const network = kept(await openPytorch(folder, card));
    for (const golden of torchNetworks.networks['efficientnet-lite0']) await expectGolden(network, golden);
  });

  it('resemblyzer', async () => {
    const { card, folder } = await realModel('resemblyzer');
    const network = kept(await openPytorch(folder, card));
    for (const golden of torchNetworks.networks.resemblyzer) await expectGolden(network, golden);
  });
});

describe('ResNets with made weights compute what torchvision computes', () => {
  it.each(['18', '50'] as const)('%s', async (depth) => {
    const network = await madeResnet(depth);
    for (const golden of torchNetworks.resnet[depth].cases) await expectGolden(network, golden);
  });

  it.each([
    ['34', '18', [3, 4, 6, 3]],
    ['101', '50', [3, 4, 23, 3]],
    ['152', '50', [3, 8, 36, 3]],
  ] as const)('%s has the weights that torchvision names', (depth, like, blocks) => {
    const shapes = [...deepened(torchNetworks.resnet[like].shapes, blocks)];
    // First that these are torchvision's names and shapes, then that they are all that is asked for.
    const digest = createHash('sha256').update(JSON.stringify(shapes)).digest('hex');
    expect(digest).toBe(torchNetworks.resnet['digests of names and shapes'][depth]);
    const empty = new Map(
      shapes.map(([name, shape]): [string, Weight] => [
        name,
        { shape, dtype: 'float32', data: new Float32Array() },
      ]),
    );
    const of = resnetDepth(depth);
    if (of === undefined) throw new Error(depth);
    const counted = shapes.filter(([name]) => !name.endsWith('num_batches_tracked'));
    expect(resnet(empty, [null, 224, 224, 3], of).parameters).toHaveLength(counted.length);
  });
});

type Shapes = (typeof torchNetworks)['resnet']['18']['shapes'];

/** The names and shapes of a shallower network, with its last block of each stage repeated. */
function* deepened(shapes: Shapes, blocks: readonly number[]): Generator<Shapes[number]> {
  const isStage = ([name]: Shapes[number]) => name.startsWith('layer');
  yield* shapes.slice(0, shapes.findIndex(isStage));
  for (const [stage, count] of blocks.entries()) {
    yield* shapes.filter(([name]) => name.startsWith(`layer${stage + 1}.0.`));
    for (let block = 1; block < count; block++) {
      for (const [name, shape] of shapes.filter(([name]) => name.startsWith(`layer${stage + 1}.1.`))) {
        yield [name.replace('.1.', `.${block}.`), shape];
      }
    }
  }
  yield* shapes.slice(shapes.findLastIndex(isStage) + 1);
}

describe('what a network says of itself', () => {
  it('are its layers with shapes, as the card says them', async () => {
    const { card, folder } = await realModel('mobilenet-v2');
    const network = kept(await openPytorch(folder, card));
    expect(network).toMatchObject({ format: 'pytorch', synchronous: true });
    expect(network.inputs).toEqual([{ name: 'input', shape: [null, 224, 224, 3], dtype: 'float32' }]);
    expect(network.outputs).toEqual([{ name: 'classifier.1', shape: [null, 1000], dtype: 'float32' }]);
    const summary = network.layers.slice(-3).map(({ name, kind, shape }) => [name, kind, shape]);
    expect(summary).toEqual([
      ['features.18.2', 'ReLU6', [null, 7, 7, 1280]],
      ['adaptive_avg_pool2d', 'GlobalAveragePooling2D', [null, 1280]],
      ['classifier.1', 'Dense', [null, 1000]],
    ]);
    const numbers = [...network.parameters.values()].filter(({ trainable }) => trainable);
    // As the card's notes say.
    expect(numbers.reduce((sum, { value }) => sum + value.size, 0)).toBe(3_504_872);
    expect(network.parameters.get('features.0.1.running_var')?.trainable).toBe(false);
  });

  it.each(['mobilenet-v2', 'efficientnet-lite0', 'resemblyzer'])(
    'has the shapes that a run of %s gives',
    async (name) => {
      const { card, folder } = await realModel(name);
      const network = kept(await openPytorch(folder, card));
      const cuts = network.layers.map((layer) => layer.name);
      const shape = network.inputs[0]?.shape.map((size) => size ?? 1) ?? [];
      const outputs = tf.tidy(() => network.forward(tf.zeros(shape), cuts).map((output) => output.shape));
      const said = network.layers.map((layer) => layer.shape?.map((size) => size ?? 1));
      expect(outputs).toEqual(said);
    },
  );

  it.each(['mobilenet-v2', 'efficientnet-lite0', 'resemblyzer'])(
    'holds the cuts that the card of %s names',
    async (name) => {
      const { card, folder } = await realModel(name);
      const network = kept(await openPytorch(folder, card));
      const { features } = card;
      if (features === undefined) throw new Error('no features');
      const named = [features, ...(features.alternatives ?? [])];
      for (const { layer, shape } of named) {
        const [batch, ...size] = shape ?? [];
        const [output] = tf.tidy(() =>
          network.forward(tf.zeros(oneOf(network)), [layer]).map((found) => found.shape),
        );
        // Cards of PyTorch's networks give maps with channels first; a pooled shape is that of the features.
        const maps = size.length === 3 ? [1, size[1], size[2], size[0]] : [1, 7, 7, size[0]];
        const vector = name === 'resemblyzer' ? [1, ...size] : maps;
        expect(output, layer).toEqual(vector);
        expect(batch).toBeNull();
      }
      network.truncate([features.layer]);
      expect(
        [...network.parameters.keys()].some((parameter) => parameter.startsWith(`${features.head}.`)),
      ).toBe(false);
    },
  );
});

function oneOf(network: Network): number[] {
  return (network.inputs[0]?.shape ?? []).map((size) => size ?? 1);
}

describe('gradients', () => {
  /** Small against the curvature, large against the rounding of float32. */
  const STEP = 1e-4;

  /**
   * The derivative of a loss along its own gradient by all trainable weights, which is the gradient's length, and the
   * same by a difference quotient.
   */
  function slopes(network: Network, x: Tensor): { analytic: number; numeric: number; dead: string[] } {
    const variables = new Map<string, Variable>();
    for (const { name, value, trainable } of network.parameters.values()) {
      if (!trainable) continue;
      const variable = tf.tidy(() => tf.variable(value));
      variables.set(name, variable);
      network.assign(name, variable);
    }
    const loss = () => tf.tidy(() => tf.mean(tf.square(first(network.forward(x)))).asScalar());
    return tf.tidy(() => {
      const { grads } = tf.variableGrads(loss, [...variables.values()]);
      const norms = new Map(
        [...variables].map(([name, { name: key }]) => {
          const gradient = grads[key];
          return [name, gradient === undefined ? 0 : numberOf(tf.norm(gradient))];
        }),
      );
      const dead = [...norms].filter(([, norm]) => !(norm > 0)).map(([name]) => name);
      const analytic = Math.hypot(...norms.values());
      const moved = (distance: number) => {
        for (const variable of variables.values()) {
          const gradient = grads[variable.name] ?? tf.zerosLike(variable);
          variable.assign(tf.add(variable, tf.mul(gradient, distance / analytic)));
        }
        return numberOf(loss());
      };
      const above = moved(STEP);
      const below = moved(-2 * STEP);
      return { analytic, numeric: (above - below) / (2 * STEP), dead };
    });
  }

  const numberOf = (value: Tensor) => value.dataSync()[0] ?? Number.NaN;

  function first(tensors: readonly Tensor[]): Tensor {
    const [found] = tensors;
    if (found === undefined) throw new Error('no output');
    return found;
  }

  function expectRightSlope(network: Network, input: Parameters<typeof goldenInput>[0]): void {
    const x = goldenInput(input);
    const { analytic, numeric, dead } = slopes(network, x);
    x.dispose();
    expect(dead).toEqual([]);
    expect(Math.abs(numeric / analytic - 1)).toBeLessThan(0.02);
  }

  it('of all weights of mobilenet-v2 are those of the loss', async () => {
    const { card, folder } = await realModel('mobilenet-v2');
    const network = kept(await openPytorch(folder, card, { imageSize: [64, 64] }));
    expectRightSlope(network, { shape: [1, 64, 64, 3], low: -2, high: 2 });
  });

  it('of all weights of a ResNet are those of the loss', async () => {
    const network = await madeResnet('18');
    expectRightSlope(network, { shape: [1, 64, 64, 3], low: -2, high: 2 });
  });

  it('of all weights of an LSTM are those of the loss', async () => {
    const { card, folder } = await realModel('resemblyzer');
    const weights = await readStateDict(join(folder, card.files[0]?.path ?? ''));
    const network = kept(layeredNetwork('pytorch', voiceEncoder(weights, [null, 10, 40])));
    network.truncate(['linear.dense']);
    expectRightSlope(network, { shape: [2, 10, 40], low: 0, high: 0.05 });
  });
});

describe('weights of another network are refused', () => {
  async function refusal(change: (weights: Map<string, Weight>) => void) {
    const weights: Map<string, Weight> = new Map(madeWeights(torchNetworks.resnet['18'].shapes));
    change(weights);
    const before = tf.memory().numTensors;
    const error = await thrownBy(async () => buildNetwork(await cardOf('ResNet18 (torchvision)'), weights));
    expect(tf.memory().numTensors).toBe(before);
    return error;
  }

  it('with all that is missing, left over, of another shape or type', async () => {
    const error = await refusal((weights) => {
      weights.delete('bn1.running_mean');
      weights.delete('layer3.1.conv2.weight');
      weights.set('head.weight', { shape: [2], dtype: 'float32', data: new Float32Array(2) });
      weights.set('extra', { shape: [], dtype: 'int32', data: new Int32Array(1) });
      weights.set('conv1.weight', { shape: [64, 3, 3, 3], dtype: 'float32', data: new Float32Array(1728) });
      weights.set('fc.bias', { shape: [1000], dtype: 'int32', data: new Int32Array(1000) });
    });
    expect(error).toMatchObject({ code: 'INTEGRITY', exitCode: 4 });
    expect(error.found).toBe(
      'missing: bn1.running_mean, layer3.1.conv2.weight; left over: head.weight, extra; ' +
        'conv1.weight is float32 [64, 3, 3, 3], not float32 [64, 3, 7, 7]; ' +
        'fc.bias is int32 [1000], not float32 [1000]',
    );
  });

  it('but another number of classes is none', async () => {
    const weights: Map<string, Weight> = new Map(madeWeights(torchNetworks.resnet['18'].shapes));
    weights.set('fc.weight', { shape: [10, 512], dtype: 'float32', data: new Float32Array(5120) });
    weights.set('fc.bias', { shape: [10], dtype: 'float32', data: new Float32Array(10) });
    const network = kept(await buildNetwork(await cardOf('ResNet18 (torchvision)'), weights));
    expect(network.outputs[0]?.shape).toEqual([null, 10]);
  });
});

describe('cards that nothing can be built of', () => {
  const none: Weights = new Map();

  it('name an architecture that is not known, or none', async () => {
    const card = await cardOf('Transformer of another kind');
    const error = await thrownBy(() => buildNetwork(card, none));
    expect(error).toMatchObject({ code: 'DATA', exitCode: 7, found: 'Transformer of another kind' });
    expect(error.expected).toContain('ResNet50 (torchvision)');
    const { architecture: _, ...without } = card;
    expect(await thrownBy(() => buildNetwork(without, none))).toMatchObject({ code: 'DATA' });
  });

  it('say nothing of the input', async () => {
    const { input: _, ...card } = await cardOf('EfficientNet-Lite0');
    expect(await thrownBy(() => buildNetwork(card, none))).toMatchObject({ code: 'DATA' });
  });

  it('have their weights in two files', async () => {
    const { card, folder } = await realModel('mobilenet-v2');
    const files = [...card.files, ...card.files.filter(({ role }) => role === 'weights')];
    const error = await thrownBy(() => openPytorch(folder, { ...card, files }));
    expect(error).toMatchObject({ code: 'DATA', found: 2 });
  });
});

it('keeps the number of tensors constant over passes and openings', async () => {
  const { card, folder } = await realModel('efficientnet-lite0');
  const before = tf.memory().numTensors;
  for (let turn = 0; turn < 2; turn++) {
    const network = await openPytorch(folder, card);
    const x = tf.zeros(oneOf(network));
    const held = tf.memory().numTensors;
    for (let pass = 0; pass < 2; pass++) tf.dispose(await network.run(x));
    expect(tf.memory().numTensors).toBe(held);
    x.dispose();
    network.dispose();
  }
  expect(tf.memory().numTensors).toBe(before);
});
