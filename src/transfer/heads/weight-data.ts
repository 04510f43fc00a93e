/** Making and reading the numbers of a head. */
import { ZooError } from '../../core/errors.js';
import type { Weight, Weights } from '../../formats/weight.js';

export function float32(shape: readonly number[], data: Float32Array): Weight {
  return { shape, dtype: 'float32', data };
}

export function int32(shape: readonly number[], data: Int32Array): Weight {
  return { shape, dtype: 'int32', data };
}

/** @throws ZooError `INTEGRITY` where there is no such tensor of this type. */
export function float32Of(weights: Weights, name: string): Float32Array {
  const data = weights.get(name)?.data;
  if (data instanceof Float32Array) return data;
  throw missing(name, 'float32', weights);
}

/** @throws ZooError `INTEGRITY` where there is no such tensor of this type. */
export function int32Of(weights: Weights, name: string): Int32Array {
  const data = weights.get(name)?.data;
  if (data instanceof Int32Array) return data;
  throw missing(name, 'int32', weights);
}

function missing(name: string, type: string, weights: Weights): ZooError {
  return new ZooError('INTEGRITY', `The head has no tensor ${JSON.stringify(name)} of type ${type}`, {
    found: [...weights].map(([key, { dtype }]) => `${key} (${dtype})`).join(', ') || 'nothing',
  });
}
