/** ONNX: inputs, outputs, operator set, parameters and the head, from the protocol buffer. */
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
import { findHead, type GraphNode } from './head-search.js';
import { type Message, readMessage } from './protobuf.js';

/** Larger networks keep their weights in files of their own: a protocol buffer can't hold 2 GiB. */
const MAX_FILE = 2 ** 30;

/** Name and bytes of an element by ONNX's number; strings have no fixed size. */
const TYPES: Record<number, readonly [string, number | undefined]> = {
  1: ['float32', 4],
  2: ['uint8', 1],
  3: ['int8', 1],
  4: ['uint16', 2],
  5: ['int16', 2],
  6: ['int32', 4],
  7: ['int64', 8],
  8: ['string', undefined],
  9: ['bool', 1],
  10: ['float16', 2],
  11: ['float64', 8],
  12: ['uint32', 4],
  13: ['uint64', 8],
  14: ['complex64', 8],
  15: ['complex128', 16],
  16: ['bfloat16', 2],
};
const EXTERNAL = 1;

interface Weight {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly external: boolean;
}

export async function describeOnnx(file: LocalFile): Promise<Description> {
  const model = readMessage(await readWhole(file, MAX_FILE, 'an ONNX file'), file.path);
  const graph = model.message(7);
  if (graph === undefined) throw malformed(file.path, 'it holds no graph, so it is no ONNX file');
  const opset = model
    .messages(8)
    .filter((entry) => ['', 'ai.onnx', undefined].includes(entry.text(1)))
    .map((entry) => entry.integer(2))[0];
  if (opset === undefined) throw malformed(file.path, 'it names no operator set, so it is no ONNX file');

  const nodes = graph.messages(1).map(readNode);
  const weights = readWeights(file, graph);
  const inputs = graph
    .messages(11)
    .map((value) => readValue(value))
    .filter((value) => !weights.has(value.name));
  const outputs = graph.messages(12).map((value) => readValue(value));
  const known = new Map(
    [...graph.messages(13).map((value) => readValue(value)), ...inputs].map((v) => [v.name, v]),
  );
  const found = describeGraph(nodes, weights, outputs, known);
  const floats = [...weights.values()].filter(
    ({ dtype }) => /float/.test(dtype) || /^u?int[48]$/.test(dtype),
  );
  const parameters = floats.reduce((sum, { shape }) => sum + elementCount(shape, file.path), 0);
  const quantised = floats.find(({ dtype, shape }) => /^u?int8$/.test(dtype) && shape.length > 1)?.dtype;
  const producer = [model.text(2), model.text(3)].filter(Boolean).join(' ');
  const input = describeInput(inputs);
  const external = [...weights.values()].some((weight) => weight.external);
  return {
    format: {
      name: 'onnx',
      detail: `opset ${opset}${producer ? `, written by ${producer}` : ''}, ${nodes.length} nodes`,
      ...(quantised ? { quantised } : {}),
    },
    ...(parameters > 0 ? { parameters } : {}),
    ...(input ? { input } : {}),
    ...found,
    roles: { [file.path]: 'weights' },
    unknown: [
      ...(external ? ['files: weights lie in other files (external data) that must be listed too'] : []),
      ...stillUnknown({ ...found, input, parameters }),
    ],
  };
}

function readNode(message: Message): GraphNode & { outputs: string[]; attributes: Message[] } {
  const outputs = message.texts(2);
  return {
    name: message.text(3) || (outputs[0] ?? ''),
    op: message.text(4) ?? '',
    inputs: message.texts(1),
    outputs,
    attributes: message.messages(5),
  };
}

function readValue(message: Message): DescribedTensor {
  const name = message.text(1) ?? '';
  const type = message.message(2)?.message(1);
  const dtype = TYPES[type?.integer(1) ?? 0]?.[0];
  // A dimension is a number, or a name or nothing when it is free.
  const dims = type?.message(2)?.messages(1);
  const shape = dims?.map((dim) => {
    const value = dim.integer(1);
    return value === undefined || value < 0 ? null : value;
  });
  return { name, ...(shape ? { shape } : {}), ...(dtype ? { dtype } : {}) };
}

function readWeights(file: LocalFile, graph: Message): Map<string, Weight> {
  const weights = new Map<string, Weight>();
  for (const tensor of graph.messages(5)) {
    const name = tensor.text(8) ?? '';
    const shape = tensor.integers(1);
    const [dtype, size] = TYPES[tensor.integer(2) ?? 0] ?? ['unknown', undefined];
    const external = tensor.integer(14) === EXTERNAL;
    const [raw] = tensor.bytes(9);
    const count = elementCount(shape, file.path);
    if (raw !== undefined && size !== undefined && !external && raw.length !== count * size) {
      const label = JSON.stringify(name.slice(0, 100));
      throw malformed(
        file.path,
        `tensor ${label} has other bytes than its shape and type`,
        count * size,
        raw.length,
      );
    }
    weights.set(name, { shape, dtype, external });
  }
  return weights;
}

function describeGraph(
  nodes: readonly ReturnType<typeof readNode>[],
  weights: ReadonlyMap<string, Weight>,
  outputs: readonly DescribedTensor[],
  known: ReadonlyMap<string, DescribedTensor>,
): Pick<Description, 'output' | 'features'> {
  const producers = new Map(nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  if (outputs.length > 1) return { output: { heads: outputs.map(headOf) } };
  const [output] = outputs;
  if (output === undefined) return {};
  const head = findHead(
    {
      producer: (tensor) => producers.get(tensor),
      isWeight: (tensor) => weights.has(tensor),
      multiplies: (node) => multiplies(node, producers, weights),
    },
    output.name,
  );
  const units = head?.units ?? output.shape?.at(-1) ?? undefined;
  const shape = head && known.get(head.features)?.shape;
  return {
    output: {
      layer: output.name,
      ...(units ? { units } : {}),
      ...(head ? { activation: head.activation } : {}),
    },
    ...(head
      ? {
          features: {
            layer: head.features,
            width: head.width,
            ...(shape ? { shape } : {}),
            head: head.node.name,
          },
        }
      : {}),
  };
}

function headOf({ name, shape, dtype }: DescribedTensor) {
  return { name, ...(shape ? { shape } : {}), ...(dtype ? { dtype } : {}) };
}

function multiplies(
  node: GraphNode,
  producers: ReadonlyMap<string, ReturnType<typeof readNode>>,
  weights: ReadonlyMap<string, Weight>,
): { width: number; units: number } | undefined {
  const shape = weights.get(node.inputs[1] ?? '')?.shape;
  if (shape === undefined) return undefined;
  const [a, b] = shape;
  if (node.op === 'MatMul' && shape.length === 2) return pair(a, b);
  if (node.op === 'Gemm' && shape.length === 2) {
    const transposed = [...producers.values()]
      .find((each) => each.name === node.name)
      ?.attributes.some((attribute) => attribute.text(1) === 'transB' && attribute.integer(3) === 1);
    return transposed ? pair(b, a) : pair(a, b);
  }
  // Weights of a convolution are [out, in / group, height, width].
  if (node.op === 'Conv' && shape.length === 4) return pair(b, a);
  return undefined;
}

function pair(width: number | undefined, units: number | undefined) {
  return width && units ? { width, units } : undefined;
}
