/** Sizes that a network leaves open (its batch, a length, height and width), and inputs of given sizes to try it on. */
import type { NetworkInputs, TensorSpec } from '../formats/network.js';
import { type Tensor, tf } from '../runtime/tensorflow.js';
import { untraceable } from './untraceable.js';

/** Sizes of each axis by input. */
export type InputShapes = readonly (readonly number[])[];

/** Tokens of a text where nothing else is said. */
const USUAL_TOKENS = 16;

export interface SizePlan {
  /** Two sizes to trace at; one where nothing is open. */
  readonly traced: readonly InputShapes[];
  /** Other sizes, to check the graph at. */
  readonly checked: InputShapes;
  /** By input and axis, which sizes a graph made by this plan takes; null is any. */
  readonly taken: readonly (readonly (number | null)[])[];
}

/**
 * @param base shapes that the network takes, the batch aside.
 * @param open which axes are open: all that the network leaves open, or the batch only.
 */
export function planSizes(specs: readonly TensorSpec[], base: InputShapes, open: 'all' | 'batch'): SizePlan {
  const isOpen = (spec: TensorSpec, axis: number) =>
    spec.shape[axis] === null && (open === 'all' || axis === 0);
  const shapes = (batch: number, move: (size: number) => number) =>
    specs.map((spec, index) =>
      (base[index] ?? []).map((size, axis) => {
        if (!isOpen(spec, axis)) return size;
        return axis === 0 ? batch : move(size);
      }),
    );
  const taken = specs.map((spec, index) =>
    (base[index] ?? []).map((size, axis) => (isOpen(spec, axis) ? null : size)),
  );
  const first = shapes(2, (size) => size);
  const checked = shapes(1, (size) => size + 2 * stepFrom(size));
  const nothingOpen = taken.every((shape) => shape.every((size) => size !== null));
  // Not 1, at which operations spread one example over many, and not two of which one is a multiple of the other.
  return {
    traced: nothingOpen ? [first] : [first, shapes(3, (size) => size + stepFrom(size))],
    checked,
    taken,
  };
}

/**
 * How far to go to another size that a network should take, and then to one more: by whole strides of 32 where it may
 * be halved five times, as pictures are. Never by 1, as the batch goes: one more of the one would look like one more or
 * one less of the other.
 */
function stepFrom(size: number): number {
  if (size % 32 === 0 && size >= 96) return -32;
  return size >= 8 ? -Math.max(2, Math.floor(size / 8)) : 2;
}

/**
 * Shapes that a network takes, the batch first.
 * @param example inputs that fit; without, only the batch and the length of texts may be open.
 * @throws ZooError `DATA` when a size is not known.
 */
export function baseShapes(specs: readonly TensorSpec[], example: NetworkInputs | undefined): InputShapes {
  return specs.map((spec) => {
    const given = example === undefined ? undefined : tensorOf(example, spec, specs.length);
    if (given !== undefined) return given.shape;
    return spec.shape.map((size, axis) => {
      if (size !== null) return size;
      if (axis === 0) return 1;
      if (spec.dtype === 'int32') return USUAL_TOKENS;
      throw untraceable('a size of its inputs is not known', `${spec.name} on axis ${axis}`);
    });
  });
}

/** The tensors of a network's inputs, in order. @throws ZooError `DATA` where one is missing. */
export function inOrder(inputs: NetworkInputs, specs: readonly TensorSpec[]): Tensor[] {
  return specs.map((spec) => {
    const tensor = tensorOf(inputs, spec, specs.length);
    if (tensor === undefined) throw untraceable('an input is not there', spec.name);
    return tensor;
  });
}

function tensorOf(inputs: NetworkInputs, { name }: TensorSpec, count: number): Tensor | undefined {
  if (inputs instanceof tf.Tensor) return count === 1 ? inputs : undefined;
  return inputs[name];
}

/** Numbers from -1 to 1, and ids or marks of 0 and 1; the same each time. The caller disposes them. */
export function randomInputs(specs: readonly TensorSpec[], shapes: InputShapes): Tensor[] {
  return specs.map(({ dtype }, index) => {
    const shape = [...(shapes[index] ?? [])];
    if (dtype === 'float32') return tf.randomUniform(shape, -1, 1, 'float32', index + 1);
    if (dtype === 'int32' || dtype === 'bool') {
      return tf.tidy(() =>
        tf.cast(tf.greater(tf.randomUniform(shape, 0, 1, 'float32', index + 1), 0.4), dtype),
      );
    }
    throw untraceable('it takes inputs that are not numbers', dtype);
  });
}

/** True where each size is the one wanted, or any is. */
export function fitsShapes(tensors: readonly Tensor[], taken: SizePlan['taken']): boolean {
  return tensors.every(({ shape }, index) => {
    const wanted = taken[index] ?? [];
    return (
      shape.length === wanted.length &&
      shape.every((size, axis) => wanted[axis] === null || wanted[axis] === size)
    );
  });
}
