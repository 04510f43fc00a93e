/**
 * Other ways to compute the same, taken while a step is traced: kernels that TensorFlow.js is about to run are replaced
 * by others with the same result, before the gradient tape sees them. So gradients are those of what is computed.
 */
import { type NamedTensorMap, type Tensor, tf } from '../../runtime/tensorflow.js';

type RunKernel = ReturnType<typeof tf.engine>['runKernel'];
type KernelAttributes = Parameters<RunKernel>[2];

export interface KernelCall {
  /** As TensorFlow.js names it: `Conv2D`, `FusedBatchNorm`. */
  readonly name: string;
  readonly inputs: NamedTensorMap;
  readonly attributes: KernelAttributes;
}

export interface KernelRewrite {
  /** Sees what was computed, replaced or not, so as to know it when it is an input. */
  remember(call: KernelCall, result: Tensor): void;
  /** @returns what to take instead, computed by other kernels; undefined to leave it. */
  replace(call: KernelCall): Tensor | undefined;
}

/**
 * Runs `f` with kernels rewritten, before those around it see them. What was computed before it turned out that nobody needs it stays computed: in a
 * graph it is pruned. So this is for tracing, not for running a step by itself.
 */
export function rewritingKernels<T>(rewrites: readonly KernelRewrite[], f: () => T): T {
  const engine = tf.engine();
  const run: RunKernel = engine.runKernel;
  const around = Object.getOwnPropertyDescriptor(engine, 'runKernel');
  const rewritten = (name: string, inputs: NamedTensorMap, attributes?: KernelAttributes): unknown => {
    const call = { name, inputs, attributes };
    const result = firstOf(rewrites, call) ?? run.call(engine, name, inputs, attributes);
    if (result instanceof tf.Tensor) for (const rewrite of rewrites) rewrite.remember(call, result);
    return result;
  };
  Object.defineProperty(engine, 'runKernel', { value: rewritten, configurable: true, writable: true });
  try {
    return f();
  } finally {
    // What was put over the method of its class goes.
    if (around === undefined) Reflect.deleteProperty(engine, 'runKernel');
    else Object.defineProperty(engine, 'runKernel', around);
  }
}

function firstOf(rewrites: readonly KernelRewrite[], call: KernelCall): Tensor | undefined {
  for (const rewrite of rewrites) {
    const replaced = rewrite.replace(call);
    if (replaced !== undefined) return replaced;
  }
  return undefined;
}

/** Runs a kernel, which is rewritten in its turn. */
export function runKernel({ name, inputs, attributes }: KernelCall): Tensor {
  return tf.engine().runKernel<Tensor>(name, inputs, attributes);
}
