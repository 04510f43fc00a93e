/** Which dictionary of a checkpoint holds the weights. */
import { ZooError } from '../../core/errors.js';
import { malformed } from '../../registry/describe/description.js';
import { type PickleValue, TensorReference } from './pickle-values.js';

/** What training programs call the weights beside their optimiser's state and the number of steps. */
const USUAL_ENTRIES = ['state_dict', 'model_state', 'model', 'model_state_dict'];

/**
 * The dictionary of tensors: the root itself, or its one entry with a usual name.
 * @param entry names the entry instead.
 * @throws ZooError `INTEGRITY` when there is none, or more than one; `NOT_FOUND` for a named entry that is not there.
 */
export function findStateDict(path: string, root: PickleValue, entry?: string): Map<string, TensorReference> {
  if (!(root instanceof Map)) throw malformed(path, 'it holds no dictionary of tensors');
  if (entry !== undefined) {
    const named = root.get(entry);
    if (named === undefined) {
      throw new ZooError('NOT_FOUND', `${path} has no entry ${JSON.stringify(entry)}`, {
        found: textKeys(root).slice(0, 10).join(', '),
      });
    }
    return tensorsOf(named) ?? refuseNoTensors(path, entry);
  }
  const whole = tensorsOf(root);
  if (whole !== undefined) return whole;
  const found = USUAL_ENTRIES.flatMap((name) => {
    const tensors = tensorsOf(root.get(name) ?? null);
    return tensors === undefined ? [] : [tensors];
  });
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  throw malformed(
    path,
    found.length > 1 ? 'it holds several dictionaries of tensors' : 'it holds no dictionary of tensors',
    `tensors by name, or one of ${USUAL_ENTRIES.join(', ')}`,
    textKeys(root).slice(0, 10).join(', ') || 'no entries',
  );
}

/** undefined unless it is a dictionary with a tensor under each name. */
function tensorsOf(value: PickleValue): Map<string, TensorReference> | undefined {
  if (!(value instanceof Map) || value.size === 0) return undefined;
  const tensors = new Map<string, TensorReference>();
  for (const [name, tensor] of value) {
    if (typeof name !== 'string' || !(tensor instanceof TensorReference)) return undefined;
    tensors.set(name, tensor);
  }
  return tensors;
}

function refuseNoTensors(path: string, entry: string): never {
  throw malformed(path, `its entry ${JSON.stringify(entry)} is no dictionary of tensors`);
}

function textKeys(dict: ReadonlyMap<PickleValue, PickleValue>): string[] {
  return [...dict.keys()].filter((key) => typeof key === 'string').map((key) => key.slice(0, 60));
}
