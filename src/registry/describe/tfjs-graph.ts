/** The graph of a TensorFlow.js graph model: a TensorFlow GraphDef as JSON inside its model.json. */
import * as z from 'zod';
import {
  type DescribedTensor,
  type Description,
  describeInput,
  type LocalFile,
  malformed,
} from './description.js';
import { findHead, type GraphNode } from './head-search.js';
import type { TfjsWeight } from './tfjs-weights.js';

/** TensorFlow's element types, by name and, in files of old converters, by number. */
const TYPES: Record<string, string> = {
  DT_FLOAT: 'float32',
  DT_INT32: 'int32',
  DT_INT64: 'int64',
  DT_STRING: 'string',
  DT_BOOL: 'bool',
  DT_HALF: 'float16',
  1: 'float32',
  3: 'int32',
  7: 'string',
  9: 'int64',
  10: 'bool',
};

// Sizes are 64-bit numbers, which JSON writes as text.
const dimSchema = z.looseObject({ size: z.union([z.string(), z.number()]).optional() });
const shapeSchema = z.looseObject({
  dim: z.array(dimSchema).optional(),
  unknownRank: z.boolean().optional(),
});
const typeSchema = z.union([z.string(), z.number()]);
const attributeSchema = z.looseObject({ type: typeSchema.optional(), shape: shapeSchema.optional() });
const nodeSchema = z.looseObject({
  name: z.string(),
  op: z.string(),
  input: z.array(z.string()).optional(),
  attr: z.record(z.string(), z.unknown()).optional(),
});
const graphSchema = z.looseObject({ node: z.array(nodeSchema).max(1_000_000) });
const tensorSchema = z.looseObject({
  name: z.string().optional(),
  dtype: typeSchema.optional(),
  tensorShape: shapeSchema.optional(),
});
const signatureSchema = z.looseObject({
  inputs: z.record(z.string(), tensorSchema).optional(),
  outputs: z.record(z.string(), tensorSchema).optional(),
});

type Node = z.infer<typeof nodeSchema>;

export interface DescribedGraph extends Pick<Description, 'input' | 'output' | 'features'> {
  readonly nodes: number;
}

/**
 * @param signature the `signature` of the model.json, or undefined in files of old converters: inputs are the
 * placeholders then, and outputs the nodes that no other node takes.
 */
export function describeGraphModel(
  topology: unknown,
  signature: unknown,
  weights: readonly TfjsWeight[],
  file: LocalFile,
): DescribedGraph {
  const read = graphSchema.safeParse(topology);
  if (!read.success) throw malformed(file.path, 'its graph is not described');
  const nodes = read.data.node;
  const signed = signatureSchema.safeParse(signature);
  const inputs =
    signed.success && signed.data.inputs ? signedInputs(signed.data.inputs) : placeholders(nodes);
  const outputs = signed.success && signed.data.outputs ? signedTensors(signed.data.outputs) : unused(nodes);
  const input = describeInput(inputs);
  const base = { nodes: nodes.length, ...(input ? { input } : {}) };
  if (outputs.length > 1) return { ...base, output: { heads: outputs } };
  const [output] = outputs;
  if (output === undefined) return base;
  const head = headOf(nodes, weights, output.node);
  const units = head?.units ?? output.shape?.at(-1) ?? undefined;
  return {
    ...base,
    output: {
      layer: output.node,
      ...(units ? { units } : {}),
      ...(head ? { activation: head.activation } : {}),
    },
    ...(head ? { features: { layer: head.features, width: head.width, head: head.node.name } } : {}),
  };
}

function readShape(shape: z.infer<typeof shapeSchema> | undefined): (number | null)[] | undefined {
  if (shape === undefined || shape.unknownRank) return undefined;
  return (shape.dim ?? []).map(({ size }) => {
    const value = Number(size ?? 0);
    return Number.isSafeInteger(value) && value >= 0 ? value : null;
  });
}

function signedTensors(tensors: Record<string, z.infer<typeof tensorSchema>>) {
  return Object.entries(tensors).map(([name, tensor]) => {
    const shape = readShape(tensor.tensorShape);
    const dtype = TYPES[String(tensor.dtype)];
    return {
      name,
      node: nodeName(tensor.name ?? name),
      ...(shape ? { shape } : {}),
      ...(dtype ? { dtype } : {}),
    };
  });
}

/** An input is fed by the name of its node. */
function signedInputs(tensors: Record<string, z.infer<typeof tensorSchema>>): DescribedTensor[] {
  return signedTensors(tensors).map(({ node, name: _, ...rest }) => ({ name: node, ...rest }));
}

function placeholders(nodes: readonly Node[]): DescribedTensor[] {
  return nodes
    .filter((node) => node.op === 'Placeholder')
    .map((node) => {
      const shape = readShape(attributeSchema.safeParse(node.attr?.shape).data?.shape);
      const dtype = TYPES[String(attributeSchema.safeParse(node.attr?.dtype).data?.type)];
      return { name: node.name, ...(shape ? { shape } : {}), ...(dtype ? { dtype } : {}) };
    });
}

function unused(nodes: readonly Node[]) {
  const used = new Set(nodes.flatMap((node) => (node.input ?? []).map(nodeName)));
  const ends = nodes.filter(
    (node) => !used.has(node.name) && node.op !== 'Const' && node.op !== 'Placeholder',
  );
  return ends.map((node): { name: string; node: string; shape?: (number | null)[] } => ({
    name: node.name,
    node: node.name,
  }));
}

/** `name:0` is an output of a node, `^name` a node that must run before. */
function nodeName(tensor: string): string {
  return tensor.replace(/^\^/, '').replace(/:\d+$/, '');
}

function headOf(nodes: readonly Node[], weights: readonly TfjsWeight[], output: string) {
  const byName = new Map<string, GraphNode>();
  for (const { name, op, input } of nodes) {
    if (op !== 'Const') byName.set(name, { name, op, inputs: (input ?? []).map(nodeName) });
  }
  const shapes = new Map(weights.map(({ name, shape }) => [name, shape]));
  return findHead(
    {
      producer: (tensor) => byName.get(tensor),
      isWeight: (tensor) => shapes.has(tensor),
      multiplies: (node) => {
        if (!/^(_Fused)?(MatMul|Conv2D)$/.test(node.op)) return undefined;
        const kernel = shapes.get(node.inputs[1] ?? '');
        const [width, units] = [kernel?.at(-2), kernel?.at(-1)];
        return width && units ? { width, units } : undefined;
      },
    },
    output,
  );
}
