/** What the linear kinds share: one dense layer, and what comes out of it. */
import type { Random } from '../../data/random.js';
import type { Weights } from '../../formats/weight.js';
import { type Tensor, type Tensor2D, tf } from '../../runtime/tensorflow.js';
import { dense } from './dense.js';
import type { Differentiable, Head } from './head.js';
import { activate, type Loss } from './loss.js';
import { float32, float32Of } from './weight-data.js';

type LinearParts = Pick<Head, 'fitting' | 'differentiable' | 'shapes' | 'scores'>;

export function linearLayer(outputs: number, loss: Loss): LinearParts {
  return {
    fitting: { by: 'linear' },
    differentiable: {
      names: ['kernel', 'bias'],
      penalised: ['kernel'],
      drops: false,
      first: { kernel: 'kernel', bias: 'bias' },
      // The problem is convex: zeros are as good a start as any, and need no luck.
      initial: (width) =>
        new Map([
          ['kernel', float32([width, outputs], new Float32Array(width * outputs))],
          ['bias', float32([outputs], new Float32Array(outputs))],
        ]),
      apply: (features, parameters) => denseTensors(features, parameters[0], parameters[1]),
    },
    shapes: (width) =>
      new Map([
        ['kernel', [width, outputs]],
        ['bias', [outputs]],
      ]),
    scores(parameters, features, examples, width) {
      const kernel = float32Of(parameters, 'kernel');
      const bias = float32Of(parameters, 'bias');
      const scores = dense(features, examples, width, kernel, bias);
      activate(loss, scores, outputs);
      return scores;
    },
  };
}

/** A layer without parameters is a fault of the caller. */
function denseTensors(features: Tensor2D, kernel: Tensor | undefined, bias: Tensor | undefined): Tensor2D {
  if (kernel === undefined || bias === undefined) throw new RangeError('a kernel and a bias are needed');
  return tf.tidy(() => features.matMul<Tensor2D>(kernel).add<Tensor2D>(bias));
}

/** A hidden layer with ReLU and dropout in front of a linear one. */
export function hiddenLayer(outputs: number, loss: Loss, units: number, rate: number): LinearParts {
  const names = ['hidden/kernel', 'hidden/bias', 'kernel', 'bias'];
  const differentiable: Differentiable = {
    names,
    penalised: ['hidden/kernel', 'kernel'],
    drops: rate > 0,
    first: { kernel: 'hidden/kernel', bias: 'hidden/bias' },
    initial: (width, random) =>
      new Map([
        // He et al. 2015 (arXiv 1502.01852) before a ReLU; small values before the outputs.
        ['hidden/kernel', normal([width, units], Math.sqrt(2 / width), random)],
        ['hidden/bias', float32([units], new Float32Array(units))],
        ['kernel', normal([units, outputs], Math.sqrt(1 / units), random)],
        ['bias', float32([outputs], new Float32Array(outputs))],
      ]),
    apply: (features, [hiddenKernel, hiddenBias, kernel, bias], drop) =>
      tf.tidy(() => {
        const hidden = denseTensors(features, hiddenKernel, hiddenBias).relu();
        const kept = drop === undefined || rate === 0 ? hidden : drop(hidden, rate);
        return denseTensors(kept.as2D(features.shape[0], units), kernel, bias);
      }),
  };
  return {
    fitting: { by: 'gradients' },
    differentiable,
    shapes: (width) =>
      new Map([
        ['hidden/kernel', [width, units]],
        ['hidden/bias', [units]],
        ['kernel', [units, outputs]],
        ['bias', [outputs]],
      ]),
    scores(parameters, features, examples, width) {
      const hidden = hiddenOf(parameters, features, examples, width);
      const kernel = float32Of(parameters, 'kernel');
      const scores = dense(hidden, examples, units, kernel, float32Of(parameters, 'bias'));
      activate(loss, scores, outputs);
      return scores;
    },
  };
}

function hiddenOf(weights: Weights, features: Float32Array, examples: number, width: number): Float32Array {
  const kernel = float32Of(weights, 'hidden/kernel');
  const hidden = dense(features, examples, width, kernel, float32Of(weights, 'hidden/bias'));
  for (let at = 0; at < hidden.length; at++) hidden[at] = Math.max(0, hidden[at] ?? 0);
  return hidden;
}

function normal(shape: readonly [number, number], deviation: number, random: Random) {
  const data = Float32Array.from({ length: shape[0] * shape[1] }, () => deviation * random.normal());
  return float32(shape, data);
}
