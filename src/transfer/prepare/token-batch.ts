/** Token ids of several texts as the tensors of one network: padded, with a mask where it takes one, or one sparse matrix. */
import { ZooError } from '../../core/errors.js';
import type { Network } from '../../formats/network.js';
import { type Tensor, tf } from '../../runtime/tensorflow.js';
import type { Batch } from './preparer.js';

/** Which tensor of a network takes what. */
export type InputLayout =
  | {
      readonly kind: 'padded';
      readonly ids: string;
      readonly mask?: string;
      readonly zeros: readonly string[];
    }
  | { readonly kind: 'sparse'; readonly indices: string; readonly values: string };

/** @throws ZooError `DATA` for inputs that are not known. */
export function inputLayout({ inputs }: Pick<Network, 'inputs'>): InputLayout {
  const named = (pattern: RegExp) => inputs.find(({ name }) => pattern.test(name))?.name;
  const indices = named(/(^|\/)indices$/);
  const values = named(/(^|\/)values$/);
  if (indices !== undefined && values !== undefined) return { kind: 'sparse', indices, values };
  const mask = named(/mask/i);
  const zeros = inputs.filter(({ name }) => /type|segment/i.test(name)).map(({ name }) => name);
  const ids = inputs.find(({ name }) => name !== mask && !zeros.includes(name))?.name;
  const known = (ids === undefined ? 0 : 1) + (mask === undefined ? 0 : 1) + zeros.length;
  if (ids !== undefined && known === inputs.length) {
    return { kind: 'padded', ids, zeros, ...(mask === undefined ? {} : { mask }) };
  }
  throw new ZooError('DATA', 'This network takes text in a way that is not known', {
    expected: 'token ids, perhaps with a mask and token types; or indices and values',
    found: inputs.map(({ name }) => name).join(', '),
  });
}

/**
 * @param rows ids of each text.
 * @param padding the id behind the end of a text.
 * @param positions at least; 0 for those of the longest text.
 */
export function tokenBatch(
  rows: readonly Int32Array[],
  layout: InputLayout,
  padding: number,
  positions = 0,
): Batch {
  return layout.kind === 'sparse' ? sparse(rows, layout) : padded(rows, layout, padding, positions);
}

function padded(
  rows: readonly Int32Array[],
  layout: Extract<InputLayout, { kind: 'padded' }>,
  padding: number,
  positions: number,
): Batch {
  const length = Math.max(positions, ...rows.map((row) => row.length));
  const shape: [number, number] = [rows.length, length];
  const ids = new Int32Array(rows.length * length).fill(padding);
  const present = new Int32Array(rows.length * length);
  for (const [index, row] of rows.entries()) {
    ids.set(row, index * length);
    present.fill(1, index * length, index * length + row.length);
  }
  const inputs: Record<string, Tensor> = { [layout.ids]: tf.tensor2d(ids, shape, 'int32') };
  const mask = layout.mask === undefined ? undefined : tf.tensor2d(present, shape, 'int32');
  if (layout.mask !== undefined && mask !== undefined) inputs[layout.mask] = mask;
  for (const name of layout.zeros) inputs[name] = tf.zeros(shape, 'int32');
  return { inputs, mask };
}

/** One matrix of all texts: [text, position] and id of each token. */
function sparse(
  rows: readonly Int32Array[],
  { indices, values }: Extract<InputLayout, { kind: 'sparse' }>,
): Batch {
  const total = rows.reduce((sum, row) => sum + row.length, 0);
  const places = new Int32Array(2 * total);
  const ids = new Int32Array(total);
  let at = 0;
  for (const [index, row] of rows.entries()) {
    ids.set(row, at);
    for (let position = 0; position < row.length; position++, at++) {
      places[2 * at] = index;
      places[2 * at + 1] = position;
    }
  }
  const inputs = {
    [indices]: tf.tensor2d(places, [total, 2], 'int32'),
    [values]: tf.tensor1d(ids, 'int32'),
  };
  return { inputs, mask: undefined };
}
