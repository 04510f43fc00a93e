/** From what a caller gives a network to one tensor an input, or an error that says what does not fit. */
import { ZooError } from '../core/errors.js';
import { type Tensor, tf } from '../runtime/tensorflow.js';
import type { NetworkInputs, Shape, TensorSpec } from './network.js';

/** What is known of an input beforehand; what is left out is not checked. */
export interface ExpectedTensor {
  readonly name: string;
  readonly shape?: Shape | undefined;
  readonly dtype?: TensorSpec['dtype'] | undefined;
}

/** `[null, 224, 224, 3]` as `[?, 224, 224, 3]`. */
export function shapeText(shape: readonly (number | null)[]): string {
  return `[${shape.map((size) => size ?? '?').join(', ')}]`;
}

/**
 * @param specs inputs that must be there.
 * @param others inputs that may be there.
 * @returns tensors by input name; those of the caller, not copies.
 * @throws ZooError `DATA` for a missing or an unknown input, another shape or another type.
 */
export function matchInputs(
  inputs: NetworkInputs,
  specs: readonly ExpectedTensor[],
  others: ReadonlyMap<string, ExpectedTensor> = new Map(),
): Record<string, Tensor> {
  const given = byName(inputs, specs);
  const known = new Map([...others, ...specs.map((spec) => [spec.name, spec] as const)]);
  for (const [name, tensor] of Object.entries(given)) {
    const spec = known.get(name);
    if (spec === undefined) {
      throw new ZooError('DATA', `The network has no input called ${name.slice(0, 200)}`, {
        expected: specs.map((wanted) => wanted.name).join(', '),
        found: Object.keys(given).join(', ').slice(0, 300),
      });
    }
    checkTensor(tensor, spec);
  }
  const missing = specs.filter(({ name }) => !Object.hasOwn(given, name));
  if (missing.length > 0) {
    throw new ZooError(
      'DATA',
      `An input of the network is missing: ${missing.map(({ name }) => name).join(', ')}`,
      {
        expected: describe(specs),
        found: Object.keys(given).join(', ') || 'no input',
      },
    );
  }
  return given;
}

function byName(inputs: NetworkInputs, specs: readonly ExpectedTensor[]): Record<string, Tensor> {
  if (!(inputs instanceof tf.Tensor)) return { ...inputs };
  const [only] = specs;
  if (only !== undefined && specs.length === 1) return { [only.name]: inputs };
  throw new ZooError('DATA', `The network takes ${specs.length} inputs, and one tensor was given`, {
    expected: describe(specs),
    found: shapeText(inputs.shape),
    hint: 'Give an object of tensors by the names of the inputs.',
  });
}

function describe(specs: readonly ExpectedTensor[]): string {
  return specs
    .map(({ name, shape }) => (shape === undefined ? name : `${name} ${shapeText(shape)}`))
    .join(', ');
}

/** @throws ZooError `DATA` when a tensor is not what an input or a parameter takes. */
export function checkTensor(tensor: Tensor, { name, shape, dtype }: ExpectedTensor): void {
  const fits =
    shape === undefined ||
    (tensor.shape.length === shape.length &&
      shape.every((size, axis) => size === null || size === tensor.shape[axis]));
  if (fits && (dtype === undefined || tensor.dtype === dtype)) return;
  throw new ZooError('DATA', `A tensor does not fit ${name}: its ${fits ? 'type' : 'shape'} is another`, {
    expected: [dtype, shape && shapeText(shape)].filter(Boolean).join(' '),
    found: `${tensor.dtype} ${shapeText(tensor.shape)}`,
  });
}
