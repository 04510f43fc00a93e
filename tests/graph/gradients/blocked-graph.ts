/** A graph in which gradients can't go everywhere: a running product stands between two of its parameters. */
import type { PlainTensor } from '../../formats/tiny-tfjs.js';

const FLOAT = { T: { type: 'DT_FLOAT' } };
const kernel: PlainTensor = { dtype: 'float32', shape: [2, 2], data: [0.5, -1, 0.25, 2] };

function constant(name: string, dtype: 'DT_FLOAT' | 'DT_INT32') {
  return { name, op: 'Const', attr: { dtype: { type: dtype } } };
}

function product(name: string, from: string, by: string) {
  return { name, op: 'MatMul', input: [from, by], attr: FLOAT };
}

/** `x` times `early`; `middle` of it, which has no gradient; that times `late`. A side branch does the same. */
const modelTopology = {
  node: [
    {
      name: 'x',
      op: 'Placeholder',
      attr: { dtype: { type: 'DT_FLOAT' }, shape: { shape: { dim: [{ size: -1 }, { size: 2 }] } } },
    },
    constant('early', 'DT_FLOAT'),
    constant('late', 'DT_FLOAT'),
    constant('unused', 'DT_FLOAT'),
    constant('axis', 'DT_INT32'),
    product('first', 'x', 'early'),
    { name: 'middle', op: 'Cumprod', input: ['first', 'axis'], attr: FLOAT },
    product('aside', 'first', 'unused'),
    { name: 'awake', op: 'Relu', input: ['middle'], attr: FLOAT },
    product('last', 'awake', 'late'),
  ],
  versions: {},
};
const weights: Record<string, PlainTensor> = {
  early: kernel,
  late: kernel,
  unused: kernel,
  axis: { dtype: 'int32', shape: [], data: [1] },
};
const outputs = { last: { name: 'last:0', dtype: 'DT_FLOAT' } };

export const blockedGraph = { modelTopology, weights, outputs };
