/**
 * The graph of a TensorFlow.js graph model: a TensorFlow GraphDef as JSON. Checked here before TensorFlow.js sees it:
 * names, edges and the order of the nodes.
 */
import * as z from 'zod';
import { malformed } from '../../registry/describe/description.js';
import type { DataType } from '../../runtime/tensorflow.js';
import type { Shape } from '../network.js';

const MAX_NODES = 1_000_000;

const nodeSchema = z.looseObject({
  name: z.string().min(1).max(2000),
  op: z.string().min(1).max(200),
  input: z.array(z.string().min(1).max(2100)).nullish(),
  attr: z.record(z.string(), z.looseObject({})).nullish(),
});
const functionSchema = z.looseObject({
  signature: z.looseObject({
    name: z.string().min(1),
    inputArg: z.array(z.looseObject({ name: z.string() })).nullish(),
    outputArg: z.array(z.looseObject({ name: z.string() })).nullish(),
  }),
  nodeDef: z.array(nodeSchema).max(MAX_NODES).nullish(),
  ret: z.record(z.string(), z.string()).nullish(),
});
const graphSchema = z.looseObject({
  node: z.array(nodeSchema).min(1).max(MAX_NODES),
  library: z.looseObject({ function: z.array(functionSchema).max(MAX_NODES).nullish() }).nullish(),
  versions: z.looseObject({}).nullish(),
});

export type RawNode = z.infer<typeof nodeSchema>;
export type RawGraph = z.infer<typeof graphSchema>;

export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** Names of the nodes that it reads, in order; those that must only run before it come last. */
  readonly inputs: readonly string[];
  /** How many of `inputs` are data. */
  readonly data: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Names of library functions that it calls. */
  readonly calls: readonly string[];
}

export interface GraphDefinition {
  readonly raw: RawGraph;
  /** In an order in which they can run. */
  readonly nodes: ReadonlyMap<string, GraphNode>;
  /** Bodies of loops and branches, by name. */
  readonly functions: ReadonlyMap<string, readonly GraphNode[]>;
}

/** @throws ZooError `INTEGRITY` for a graph that is not described, has twins, loose edges or circles. */
export function readGraph(topology: unknown, path: string): GraphDefinition {
  const read = graphSchema.safeParse(topology);
  if (!read.success) {
    const where = read.error.issues[0]?.path.join('.');
    throw malformed(path, `its graph is not described${where ? ` at ${where.slice(0, 100)}` : ''}`);
  }
  const raw = read.data;
  const functions = new Map<string, readonly GraphNode[]>();
  for (const { signature, nodeDef } of raw.library?.function ?? []) {
    if (functions.has(signature.name))
      throw malformed(path, 'two functions have one name', undefined, signature.name);
    functions.set(signature.name, (nodeDef ?? []).map(toNode));
  }
  const nodes = new Map<string, GraphNode>();
  for (const node of raw.node.map(toNode)) {
    if (nodes.has(node.name)) throw malformed(path, 'two nodes have one name', undefined, node.name);
    // TensorFlow.js keeps nodes in plain objects, where this name is not a key.
    if (node.name === '__proto__' || /[:^]/.test(node.name))
      throw malformed(path, 'a node has an impossible name', undefined, node.name);
    nodes.set(node.name, node);
  }
  for (const node of nodes.values()) {
    const loose = node.inputs.find((input) => !nodes.has(input));
    if (loose !== undefined)
      throw malformed(path, `${node.name} reads a node that is not there`, undefined, loose);
    const unknown = node.calls.find((name) => !functions.has(name));
    if (unknown !== undefined)
      throw malformed(path, `${node.name} calls a function that is not there`, undefined, unknown);
  }
  return { raw, nodes: inOrder(nodes, path), functions };
}

function toNode({ name, op, input, attr }: RawNode): GraphNode {
  const inputs = input ?? [];
  const data = inputs.filter((text) => !text.startsWith('^'));
  const control = inputs.filter((text) => text.startsWith('^'));
  const calls = Object.values(attr ?? {}).flatMap(calledFunction);
  return {
    name,
    op,
    inputs: [...data, ...control].map(nodeName),
    data: data.length,
    attributes: attr ?? {},
    calls,
  };
}

const funcSchema = z.object({ func: z.object({ name: z.string().min(1) }) });

function calledFunction(attribute: unknown): string[] {
  const read = funcSchema.safeParse(attribute);
  return read.success ? [read.data.func.name] : [];
}

/** `name:1` is an output of a node, `name:output:0` one of a node in a function, `^name` one that must run before. */
export function nodeName(tensor: string): string {
  const start = tensor.startsWith('^') ? 1 : 0;
  const end = tensor.indexOf(':');
  return tensor.slice(start, end === -1 ? undefined : end);
}

/**
 * Each node behind those that it reads, otherwise as in the file, so that what belongs together stays together. A
 * loop's way back, from NextIteration to Merge, is no circle.
 */
function inOrder(nodes: ReadonlyMap<string, GraphNode>, path: string): Map<string, GraphNode> {
  const ordered = new Map<string, GraphNode>();
  const open = new Set<string>();
  for (const root of nodes.values()) {
    const stack = [{ node: root, next: 0 }];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const { node } = top;
      if (top.next === 0 && ordered.has(node.name)) {
        stack.pop();
        continue;
      }
      open.add(node.name);
      const input = nodes.get(node.inputs[top.next] ?? '');
      top.next += 1;
      if (input === undefined) {
        open.delete(node.name);
        ordered.set(node.name, node);
        stack.pop();
      } else if (!ordered.has(input.name) && !(node.op === 'Merge' && input.op === 'NextIteration')) {
        if (open.has(input.name)) throw malformed(path, 'its nodes go in a circle', undefined, input.name);
        stack.push({ node: input, next: 0 });
      }
    }
  }
  return ordered;
}

const TYPES: Readonly<Record<string, DataType>> = {
  DT_FLOAT: 'float32',
  DT_HALF: 'float32',
  DT_BFLOAT16: 'float32',
  DT_DOUBLE: 'float32',
  DT_INT32: 'int32',
  DT_INT64: 'int32',
  DT_INT16: 'int32',
  DT_INT8: 'int32',
  DT_UINT8: 'int32',
  DT_BOOL: 'bool',
  DT_STRING: 'string',
  DT_COMPLEX64: 'complex64',
};
/** Numbers of the types above, as old converters write them. */
const TYPE_NUMBERS: Readonly<Record<string, string>> = {
  1: 'DT_FLOAT',
  2: 'DT_DOUBLE',
  3: 'DT_INT32',
  4: 'DT_UINT8',
  5: 'DT_INT16',
  6: 'DT_INT8',
  7: 'DT_STRING',
  8: 'DT_COMPLEX64',
  9: 'DT_INT64',
  10: 'DT_BOOL',
  14: 'DT_BFLOAT16',
  19: 'DT_HALF',
};

/** TensorFlow's element type as TensorFlow.js holds it: 64-bit integers as int32, all floating point as float32. */
export function dataType(type: unknown): DataType | undefined {
  const name = String(type);
  return TYPES[TYPE_NUMBERS[name] ?? name];
}

const shapeSchema = z.looseObject({
  dim: z.array(z.looseObject({ size: z.union([z.string(), z.number()]).optional() })).nullish(),
  unknownRank: z.boolean().optional(),
});

/** A TensorShapeProto; sizes are 64-bit numbers, which JSON writes as text, and -1 is any size. */
export function readShape(shape: unknown): Shape | undefined {
  const read = shapeSchema.safeParse(shape);
  if (!read.success || read.data.unknownRank) return undefined;
  return (read.data.dim ?? []).map(({ size }) => {
    const value = Number(size ?? 0);
    return Number.isSafeInteger(value) && value >= 0 ? value : null;
  });
}
