import { describe, expect, it } from 'vitest';
import { registerGradients } from '../../../src/graph/gradients/register-gradients.js';
import { trace } from '../../../src/graph/trace.js';
import { FoldNormalisation } from '../../../src/graph/training/fold-normalisation.js';
import { type KernelRewrite, rewritingKernels } from '../../../src/graph/training/kernel-rewrites.js';
import { MergeCentredPadding } from '../../../src/graph/training/merge-centred-padding.js';
import { computeStep, type StepDefinition } from '../../../src/graph/training/step.js';
import { type Tensor, tf } from '../../../src/runtime/tensorflow.js';
import { openNetwork } from '../../../src/transfer/open-network.js';
import { realModel } from '../../support/real-model.js';
import { numbers, TINY_NETWORKS } from './tiny-networks.js';

/** Smooth, so that rounding does not move activations over a kink. */
const SMOOTH: KernelRewrite = {
  remember: () => {},
  replace: ({ name, inputs: { x } }) =>
    name === 'Relu6' && x !== undefined ? tf.mul(3, tf.add(1, tf.tanh(tf.sub(tf.div(x, 3), 1)))) : undefined,
};

const both = () => [new FoldNormalisation(), new MergeCentredPadding()];

/** Nodes of a traced pass that its result needs. */
function neededNodes(
  f: () => Tensor,
  x: Tensor,
): { readonly op: string; readonly first: string | undefined }[] {
  const traced = trace(() => [rewritingKernels(both(), f)], [{ name: 'x', tensor: x }]);
  const needed = new Set<number>();
  const waiting = traced.outputs.map(({ index }) => index);
  for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
    if (needed.has(index)) continue;
    needed.add(index);
    waiting.push(...(traced.nodes[index]?.inputs.map((input) => input.index) ?? []));
  }
  traced.dispose();
  return [...needed].map((index) => {
    const { op = '', inputs = [] } = traced.nodes[index] ?? {};
    return { op, first: traced.nodes[inputs[0]?.index ?? -1]?.op };
  });
}

function paddedInputs(f: () => Tensor, x: Tensor): (string | undefined)[] {
  return neededNodes(f, x)
    .filter(({ op }) => op === 'PadV2')
    .map(({ first }) => first);
}

describe('kernel rewrites', () => {
  it('may stand in one another, and are gone afterwards', () => {
    const replacing = (kernel: string, f: (x: Tensor) => Tensor): KernelRewrite => ({
      remember: () => {},
      replace: ({ name, inputs: { x } }) => (name === kernel && x !== undefined ? f(x) : undefined),
    });
    const x = tf.tensor1d([-1, 4]);
    const values = () => [...tf.tidy(() => tf.sqrt(tf.relu(x))).dataSync()];
    const inner = replacing('Sqrt', (root) => tf.relu(tf.mul(root, 10)));
    const [within, around] = rewritingKernels([replacing('Relu', (y) => tf.add(y, 1))], () => [
      rewritingKernels([inner], values),
      values(),
    ]);
    // (x + 1) * 10, and the relu of the inner one is rewritten by the outer one again.
    expect(within).toEqual([1, 51]);
    expect(around).toEqual([0, Math.fround(Math.sqrt(5))]);
    expect(values()).toEqual([0, 2]);
    x.dispose();
  });

  it('leave no BatchNorm behind a convolution, and the one that is behind none', () => {
    const { network, cut, inputs } = TINY_NETWORKS.convolutions();
    const { x = tf.scalar(0) } = inputs(2, 5);
    const ops = neededNodes(() => network.forward({ x }, [cut])[0] ?? x, x).map(({ op }) => op);
    expect(ops.filter((op) => op.startsWith('FusedBatchNorm'))).toHaveLength(1);
    expect(ops.filter((op) => op === 'Conv2D')).toHaveLength(2);
    x.dispose();
    network.dispose();
  });

  it.each([
    [3, 1, 8, true],
    [3, 1, 9, true],
    [5, 2, 8, true],
    [5, 2, 11, true],
    [3, 2, 8, false],
    [3, 0, 8, false],
  ])('merge padding: kernel %i, %i around a map of %i: %s', (kernel, around, size, merged) => {
    const x = numbers(5, 2, size, size, 3).as4D(2, size, size, 3);
    const filter = numbers(7, kernel, kernel, 3, 2).as4D(kernel, kernel, 3, 2);
    const convolve = () => {
      const amounts: [number, number] = [around, around];
      return tf.depthwiseConv2d(tf.pad4d(x, [[0, 0], amounts, amounts, [0, 0]]), filter, 2, 'valid');
    };
    // Of the two that may be padded, the map varies and the kernel does not.
    expect(paddedInputs(convolve, x)).toEqual([merged ? 'Const' : 'Placeholder']);
    const rewritten = tf.tidy(() => rewritingKernels(both(), () => tf.keep(convolve())));
    const expected = convolve();
    expect(rewritten.shape).toEqual(expected.shape);
    expect(tf.tidy(() => tf.max(tf.abs(tf.sub(rewritten, expected))).dataSync()[0])).toBeLessThan(1e-6);
    const gradients = (f: () => Tensor) =>
      tf.tidy(() =>
        tf
          .grads((_: Tensor, __: Tensor) => tf.sum(tf.square(f())))([x, filter])
          .map((g) => tf.keep(g)),
      );
    const [own, others] = [gradients(() => rewritingKernels(both(), convolve)), gradients(convolve)];
    own.forEach((gradient, index) => {
      const difference = tf.tidy(() => tf.max(tf.abs(tf.sub(gradient, others[index] ?? 0))).dataSync()[0]);
      expect(difference).toBeLessThan(1e-4);
    });
    tf.dispose([x, filter, rewritten, expected, ...own, ...others]);
  });

  it('give the gradients of a whole network', async () => {
    registerGradients();
    const { card, folder } = await realModel('mobilenet-v2');
    const network = await openNetwork(folder, card);
    const cut = 'features.18';
    network.truncate([cut]);
    const step: StepDefinition = {
      network,
      cut,
      pooling: (output) => tf.mean(output, [1, 2]),
      loss: (features) => tf.mean(tf.square(tf.sub(features, 0.5))),
      predict: (features) => features,
      backbone: [...network.parameters.values()].filter(({ trainable }) => trainable),
      head: [],
    };
    tf.tidy(() => {
      const inputs = {
        [network.inputs[0]?.name ?? '']: tf.randomUniform([1, 224, 224, 3], -1, 1, 'float32', 3),
      };
      const seed = tf.tensor1d([1, 0], 'int32');
      const run = (rewrites: readonly KernelRewrite[]) =>
        rewritingKernels(rewrites, () => computeStep(step, inputs, tf.zeros([1]), seed)).gradients;
      const [plain, rewritten] = [run([SMOOTH]), run([SMOOTH, ...both()])];
      plain.forEach((gradient, index) => {
        const difference = tf.norm(tf.sub(gradient, rewritten[index] ?? 0).flatten()).dataSync()[0] ?? 1;
        const length = tf.norm(gradient.flatten()).dataSync()[0] ?? 0;
        expect(difference / length, step.backbone[index]?.name ?? '').toBeLessThan(1e-4);
      });
    });
    network.dispose();
  });
});
