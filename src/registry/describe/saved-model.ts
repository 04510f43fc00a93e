/** SavedModel: signature, variables and version from `saved_model.pb`; the variables' own files are only named. */
import { ZooError } from '../../core/errors.js';
import {
  type DescribedTensor,
  type Description,
  describeInput,
  elementCount,
  type LocalFile,
  malformed,
  stillUnknown,
} from './description.js';
import { readWhole } from './file-bytes.js';
import { type Message, readMessage } from './protobuf.js';

const MAX_FILE = 2 ** 29;

/** TensorFlow's numbers of element types. */
const TYPES: Record<number, string> = {
  1: 'float32',
  2: 'float64',
  3: 'int32',
  4: 'uint8',
  5: 'int16',
  6: 'int8',
  7: 'string',
  9: 'int64',
  10: 'bool',
  14: 'bfloat16',
  19: 'float16',
};
/** Operations that call Python code, which only exists where the network was made. */
const CALLS_CODE = new Set(['PyFunc', 'PyFuncStateless', 'EagerPyFunc']);
const USUAL_SIGNATURE = 'serving_default';

export async function describeSavedModel(
  file: LocalFile,
  others: readonly LocalFile[],
): Promise<Description> {
  const model = readMessage(await readWhole(file, MAX_FILE, 'a SavedModel'), file.path);
  const [meta] = model.messages(2);
  const graph = meta?.message(2);
  if (meta === undefined || graph === undefined) throw malformed(file.path, 'it holds no graph');
  refuseCode(file, graph);
  const signatures = new Map(meta.messages(5).map((entry) => [entry.text(1) ?? '', entry.message(2)]));
  const signature =
    signatures.get(USUAL_SIGNATURE) ?? [...signatures.values()].find((each) => each?.messages(1).length);
  const inputs = signature?.messages(1).map(readTensor) ?? [];
  const outputs = signature?.messages(2).map(readTensor) ?? [];
  const parameters = countVariables(file, meta);
  const version = meta.message(1)?.text(5);
  const input = describeInput(inputs);
  const output = describeOutput(outputs);
  const roles: Description['roles'] = { [file.path]: 'topology' };
  const folder = file.path.slice(0, file.path.lastIndexOf('/') + 1);
  for (const other of others) if (other.path.startsWith(`${folder}variables/`)) roles[other.path] = 'weights';
  const missing = ['variables.index', 'variables.data-00000-of-']
    .map((name) => `${folder}variables/${name}`)
    .filter((path) => !others.some((other) => other.path.startsWith(path)));
  return {
    format: { name: 'tf-savedmodel', ...(version ? { detail: `TensorFlow ${version}` } : {}) },
    ...(parameters ? { parameters } : {}),
    ...(input ? { input } : {}),
    ...(output ? { output } : {}),
    roles,
    unknown: [
      ...missing.map((path) => `files: ${path}… belongs to the model and is not here`),
      ...(signatures.size === 0 ? ['input and output: the model has no signature'] : []),
      ...stillUnknown({ input, output, parameters }),
    ],
  };
}

function refuseCode(file: LocalFile, graph: Message): void {
  const functions = graph.message(2)?.messages(1) ?? [];
  const nodes = [...graph.messages(1), ...functions.flatMap((each) => each.messages(3))];
  const op = nodes.map((node) => node.text(2) ?? '').find((name) => CALLS_CODE.has(name));
  if (op === undefined) return;
  throw new ZooError('POLICY', `${file.path} calls Python code`, {
    expected: 'a graph of operations only',
    found: op,
  });
}

function readTensor(entry: Message): DescribedTensor {
  const info = entry.message(2);
  const dtype = TYPES[info?.integer(2) ?? 0];
  const shape = info?.message(3);
  const known = shape !== undefined && shape.integer(3) !== 1;
  return {
    name: info?.text(1) ?? entry.text(1) ?? '',
    ...(known ? { shape: shape.messages(2).map((dim) => sizeOf(dim)) } : {}),
    ...(dtype ? { dtype } : {}),
  };
}

function sizeOf(dim: Message): number | null {
  const size = dim.integer(1) ?? 0;
  return size < 0 ? null : size;
}

function describeOutput(outputs: readonly DescribedTensor[]): Description['output'] {
  const [first] = outputs;
  if (first === undefined) return undefined;
  if (outputs.length > 1) return { heads: outputs.map((output) => ({ ...output })) };
  const units = first.shape?.at(-1);
  return { layer: first.name, ...(units ? { units } : {}) };
}

/**
 * Numbers in the model's own variables: the slots of an optimizer, counters and learning rates are left out.
 * Undefined for models of TensorFlow 1, which keep no list of objects.
 */
function countVariables(file: LocalFile, meta: Message): number | undefined {
  const objects = meta.message(7)?.messages(1);
  if (objects === undefined) return undefined;
  const slots = new Set(objects.flatMap((object) => object.messages(3).map((slot) => slot.integer(3) ?? 0)));
  let count = 0;
  for (const [index, object] of objects.entries()) {
    const variable = object.message(7);
    if (variable === undefined || slots.has(index)) continue;
    const shape = variable.message(2)?.messages(2).map(sizeOf) ?? [];
    // Scalars are steps, rates and metrics.
    if (shape.length === 0) continue;
    count += elementCount(
      shape.map((size) => size ?? 0),
      file.path,
    );
  }
  return count > 0 ? count : undefined;
}
