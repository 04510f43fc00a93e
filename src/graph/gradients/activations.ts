/**
 * Activations, each by its one native gradient kernel. Where the kernel can do with the output, the output is kept
 * instead of the input: the next layer keeps it anyway.
 */
import * as z from 'zod';
import { attribute } from '../graph.js';
import { type Gradient, nth } from './gradient.js';
import { FLOAT, nativeOutput } from './native-operation.js';

/** Their kernels take the gradient first, then the output. */
const GRADIENT_FIRST = { Relu: 'ReluGrad', Relu6: 'Relu6Grad', Elu: 'EluGrad', Selu: 'SeluGrad' };
/** Their kernels take the output first, then the gradient. */
const OUTPUT_FIRST = {
  Sigmoid: 'SigmoidGrad',
  Tanh: 'TanhGrad',
  Rsqrt: 'RsqrtGrad',
  Sqrt: 'SqrtGrad',
  Reciprocal: 'InvGrad',
};

const leakySchema = z.object({ alpha: z.number() });

export const activations: readonly Gradient[] = [
  ...Object.entries(GRADIENT_FIRST).map(
    ([kernel, op]): Gradient => ({
      kernel,
      output: true,
      toInputs: (dys, saved) => ({ x: () => nativeOutput(op, FLOAT, [nth(dys, 0), nth(saved, 0)]) }),
    }),
  ),
  ...Object.entries(OUTPUT_FIRST).map(
    ([kernel, op]): Gradient => ({
      kernel,
      output: true,
      toInputs: (dys, saved) => ({ x: () => nativeOutput(op, FLOAT, [nth(saved, 0), nth(dys, 0)]) }),
    }),
  ),
  {
    kernel: 'LeakyRelu',
    inputs: ['x'],
    toInputs: (dys, saved, attributes) => {
      const { alpha } = leakySchema.parse(attributes);
      return {
        x: () =>
          nativeOutput('LeakyReluGrad', { ...FLOAT, alpha: attribute.float(alpha) }, [
            nth(dys, 0),
            nth(saved, 0),
          ]),
      };
    },
  },
  {
    kernel: 'Softplus',
    inputs: ['x'],
    toInputs: (dys, saved) => ({
      x: () => nativeOutput('SoftplusGrad', FLOAT, [nth(dys, 0), nth(saved, 0)]),
    }),
  },
];
