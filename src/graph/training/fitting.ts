/** What a training session takes: tensors are checked before anything runs. All throw ZooError `DATA` or `USAGE`. */
import { ZooError } from '../../core/errors.js';
import type { NetworkInputs, TensorSpec } from '../../formats/network.js';
import type { Tensor } from '../../runtime/tensorflow.js';
import { fitsShapes, inOrder, type SizePlan } from '../open-sizes.js';
import type { NamedShape } from './session-variables.js';
import type { BoundaryTensor } from './training.js';

export const MOST_SEED = 2 ** 31 - 1;

export interface TargetSpec {
  /** The batch first, which may be another. */
  readonly shape: readonly number[];
  readonly dtype: Tensor['dtype'];
}

export function fittingInputs(
  inputs: NetworkInputs,
  { inputs: specs, taken }: { readonly inputs: readonly TensorSpec[]; readonly taken: SizePlan['taken'] },
): Tensor[] {
  const tensors = inOrder(inputs, specs);
  const fits = tensors.every(({ dtype }, index) => dtype === specs[index]?.dtype);
  if (fits && fitsShapes(tensors, taken)) return tensors;
  throw new ZooError('DATA', 'The inputs do not fit those that training was prepared for', {
    expected: taken.map((shape) => `[${shape.map((size) => size ?? 'any').join(', ')}]`).join(', '),
    found: tensors.map(inWords).join(', '),
  });
}

export function fittingTargets(targets: Tensor, { shape, dtype }: TargetSpec): Tensor {
  const rest = (sizes: readonly number[]) => sizes.slice(1).join(', ');
  if (targets.rank === shape.length && rest(targets.shape) === rest(shape) && targets.dtype === dtype) {
    return targets;
  }
  throw new ZooError('DATA', 'The targets do not fit those that training was prepared for', {
    expected: `[any, ${rest(shape)}] ${dtype}`,
    found: inWords(targets),
  });
}

export function requireBoundary(boundary: readonly BoundaryTensor[] | undefined): readonly BoundaryTensor[] {
  if (boundary !== undefined) return boundary;
  throw new ZooError('USAGE', 'Nothing that is worth keeping stays the same in this training');
}

export function fittingFrozen(
  frozen: readonly Tensor[],
  boundary: readonly BoundaryTensor[] | undefined,
): readonly Tensor[] {
  const wanted = requireBoundary(boundary).map(({ shape, dtype }) => `[any, ${shape.join(', ')}] ${dtype}`);
  const found = frozen.map(({ shape: [, ...rest], dtype }) => `[any, ${rest.join(', ')}] ${dtype}`);
  if (wanted.join() === found.join()) return frozen;
  throw new ZooError('DATA', 'The tensors do not fit those that lie where training begins', {
    expected: wanted.join(', '),
    found: frozen.map(inWords).join(', '),
  });
}

export function requireSameRows(tensors: readonly Tensor[]): void {
  const rows = tensors.map(({ shape }) => shape[0]);
  if (rows.every((count) => count === rows[0])) return;
  throw new ZooError('DATA', 'The tensors of a batch have different numbers of examples', {
    found: rows.join(', '),
  });
}

export function requireSeed(seed: number): void {
  if (Number.isInteger(seed) && seed >= 0 && seed <= MOST_SEED) return;
  throw new ZooError('USAGE', 'Not a seed', { expected: `0 to ${MOST_SEED}`, found: `${seed}` });
}

/** @param what in words. @param known undefined for what nobody knows. */
export function requireShape(what: string, value: Tensor | undefined, known: NamedShape | undefined): void {
  if (known !== undefined && value?.dtype === 'float32' && value.shape.join() === known.shape.join()) return;
  throw new ZooError('DATA', `Training can't go on from ${what}`, {
    expected: known === undefined ? 'a parameter that is trained' : `[${known.shape.join(', ')}] float32`,
    found: value === undefined ? 'nothing' : inWords(value),
  });
}

function inWords({ shape, dtype }: Tensor): string {
  return `[${shape.join(', ')}] ${dtype}`;
}
