/** TensorFlow Lite: inputs, outputs, operations, parameters and the head, from the FlatBuffer. */
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
import { FlatTable } from './flat-table.js';
import { findHead, type GraphNode } from './head-search.js';

/** FlatBuffers end at 2 GiB; networks of this format are made for phones. */
const MAX_FILE = 2 ** 30;

const TYPES = [
  'float32',
  'float16',
  'int32',
  'uint8',
  'int64',
  'string',
  'bool',
  'int16',
  'complex64',
  'int8',
];

/** The operations that the search for the head asks about; the others are only counted. */
const OPERATIONS: Record<number, string> = {
  0: 'Add',
  3: 'Conv2D',
  6: 'Dequantize',
  9: 'FullyConnected',
  14: 'Logistic',
  22: 'Reshape',
  25: 'Softmax',
  28: 'Tanh',
  43: 'Squeeze',
  50: 'LogSoftmax',
  114: 'Quantize',
};
/** Operation codes above this are in a field of their own since version 3a of the schema. */
const PLACEHOLDER_CODE = 127;

interface Tensor extends DescribedTensor {
  readonly name: string;
  readonly stored: readonly number[];
  readonly constant: boolean;
}

export async function describeTflite(file: LocalFile): Promise<Description> {
  const model = FlatTable.root(await readWhole(file, MAX_FILE, 'a TensorFlow Lite file'), file.path);
  const [graph] = model.tables(2);
  if (graph === undefined) throw malformed(file.path, 'it holds no graph');
  const buffers = model.tables(4).map((buffer) => buffer.byteLength(0));
  const tensors = graph.tables(0).map((tensor) => readTensor(file, tensor, buffers));
  const at = (index: number): Tensor => {
    const tensor = tensors[index];
    if (tensor === undefined)
      throw malformed(file.path, 'it names a tensor that it lacks', tensors.length, index);
    return tensor;
  };
  const codes = model.tables(1).map((code) => {
    const short = code.byte(0);
    return Math.max(short, short === PLACEHOLDER_CODE || short === 0 ? code.int(3) : short);
  });
  const operators = graph.tables(3).map((operator) => ({
    code: codes[operator.int(0)] ?? -1,
    inputs: operator.ints(1) ?? [],
    outputs: operator.ints(2) ?? [],
  }));
  const inputs = (graph.ints(1) ?? []).map(at).map(describeTensor);
  const outputs = (graph.ints(2) ?? []).map(at);

  const constants = tensors.filter(({ constant, dtype }) => constant && /^(float|u?int8)/.test(dtype ?? ''));
  const parameters = constants.reduce((sum, { stored }) => sum + elementCount(stored, file.path), 0);
  const quantised = constants.find(
    ({ dtype, stored }) => /int8$/.test(dtype ?? '') && stored.length > 1,
  )?.dtype;
  const input = describeInput(inputs);
  const found = describeGraph(operators, tensors, outputs);
  return {
    format: {
      name: 'tflite',
      detail: `${operators.length} operations, ${quantised ?? constants[0]?.dtype ?? 'no'} weights`,
      ...(quantised ? { quantised } : {}),
    },
    ...(parameters > 0 ? { parameters } : {}),
    ...(input ? { input } : {}),
    ...found,
    roles: { [file.path]: 'weights' },
    unknown: stillUnknown({ ...found, input, parameters }),
  };
}

function readTensor(file: LocalFile, tensor: FlatTable, buffers: readonly number[]): Tensor {
  const stored = tensor.ints(0) ?? [];
  // The signature keeps -1 where the file's own shape has to say 1.
  const shape = (tensor.ints(7) ?? stored).map((size) => (size < 0 ? null : size));
  const dtype = TYPES[tensor.byte(1)];
  const buffer = tensor.int(2);
  if (buffer < 0 || buffer >= Math.max(1, buffers.length)) {
    throw malformed(file.path, 'a tensor names a buffer that is not there', buffers.length, buffer);
  }
  return {
    name: tensor.text(3) ?? '',
    shape,
    stored,
    ...(dtype ? { dtype } : {}),
    constant: (buffers[buffer] ?? 0) > 0,
  };
}

function describeTensor({ name, shape, dtype }: Tensor): DescribedTensor {
  return { name, ...(shape ? { shape } : {}), ...(dtype ? { dtype } : {}) };
}

interface Operator {
  readonly code: number;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

function describeGraph(
  operators: readonly Operator[],
  tensors: readonly Tensor[],
  outputs: readonly Tensor[],
): Pick<Description, 'output' | 'features'> {
  if (outputs.length > 1) return { output: { heads: outputs.map(describeTensor) } };
  const [output] = outputs;
  if (output === undefined) return {};
  // Names need not be unique in this format, so the search goes by index.
  const producers = new Map<string, GraphNode>();
  for (const operator of operators) {
    const [made] = operator.outputs;
    if (made === undefined) continue;
    const op = OPERATIONS[operator.code] ?? `operation ${operator.code}`;
    const node = {
      name: tensors[made]?.name ?? '',
      // Changes of number format compute nothing.
      op: /quantize/i.test(op) ? 'Identity' : op,
      inputs: operator.inputs.map(String),
    };
    for (const index of operator.outputs) producers.set(String(index), node);
  }
  const tensorOf = (index: string | undefined) => tensors[Number(index)];
  const head = findHead(
    {
      producer: (tensor) => producers.get(tensor),
      isWeight: (tensor) => tensorOf(tensor)?.constant === true,
      multiplies: (node) => {
        const weight = tensorOf(node.inputs[1]);
        if (!weight?.constant || !/^(Conv2D|FullyConnected)$/.test(node.op)) return undefined;
        // [out, in], or [out, height, width, in].
        const [units, width] = [weight.stored[0], weight.stored.at(-1)];
        return units && width ? { units, width } : undefined;
      },
    },
    String(tensors.indexOf(output)),
  );
  const features = head && tensorOf(head.features);
  const units = head?.units ?? output.shape?.at(-1) ?? undefined;
  return {
    output: {
      layer: output.name,
      ...(units ? { units } : {}),
      ...(head ? { activation: head.activation } : {}),
    },
    ...(head && features
      ? {
          features: {
            layer: features.name,
            width: head.width,
            ...(features.shape ? { shape: features.shape } : {}),
            head: head.node.name,
          },
        }
      : {}),
  };
}
