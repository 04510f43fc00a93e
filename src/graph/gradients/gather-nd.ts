/** Look-ups by whole places, and their opposite: the gradient of the one is the other. */
import { tf } from '../../runtime/tensorflow.js';
import { attribute, DT } from '../graph.js';
import { type Gradient, nth } from './gradient.js';
import { FLOAT, nativeOutput } from './native-operation.js';

const INDICES = { Tindices: attribute.type(DT.int32) };

export const gatherNd: Gradient = {
  kernel: 'GatherNd',
  inputs: ['params', 'indices'],
  toInputs: (dys, saved) => ({
    // Places that were looked up several times get the sum.
    params: () => {
      const shape = tf.tensor1d(nth(saved, 0).shape, 'int32');
      return nativeOutput('ScatterNd', { ...FLOAT, ...INDICES }, [nth(saved, 1), nth(dys, 0), shape]);
    },
  }),
};

export const scatterNd: Gradient = {
  kernel: 'ScatterNd',
  inputs: ['indices'],
  toInputs: (dys, saved) => ({
    updates: () => {
      const attributes = { Tparams: attribute.type(DT.float32), ...INDICES };
      return nativeOutput('GatherNd', attributes, [nth(dys, 0), nth(saved, 0)]);
    },
  }),
};
