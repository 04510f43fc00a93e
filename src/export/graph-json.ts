/** A native graph as a TensorFlow.js graph model: the GraphDef as JSON, and its constants by name. */
import { ZooError } from '../core/errors.js';
import { type StoredWeight, storedWeight } from '../formats/tfjs-weights.js';
import { type Attribute, DT, type Edge, type Graph, type GraphNode } from '../graph/graph.js';

export interface JsonNode {
  readonly name: string;
  readonly op: string;
  readonly input: readonly string[];
  readonly attr: Readonly<Record<string, object>>;
}

export interface GraphJson {
  readonly nodes: readonly JsonNode[];
  /** Values of the `Const` nodes. */
  readonly weights: readonly StoredWeight[];
}

export interface GraphNames {
  /** Name of a node in the JSON; its own by default. */
  readonly nameOf?: (name: string) => string;
  /** Nodes that are left out, as another graph has them. */
  readonly without?: ReadonlySet<string>;
}

/** @throws ZooError `DATA` for an attribute or a type that no such graph has. */
export async function graphJson(
  graph: Graph,
  { nameOf = (name) => name, without = new Set() }: GraphNames = {},
): Promise<GraphJson> {
  const nodes: JsonNode[] = [];
  const weights: StoredWeight[] = [];
  for (const node of graph.nodes.values()) {
    if (without.has(node.name)) continue;
    const name = nameOf(node.name);
    if (node.value !== undefined) weights.push(await storedWeight(name, node.value));
    nodes.push({
      name,
      op: node.op,
      input: [
        ...node.inputs.map((edge) => tensorName(edge, nameOf)),
        ...(node.controls ?? []).map((control) => `^${nameOf(control)}`),
      ],
      attr: attributesOf(node),
    });
  }
  return { nodes, weights };
}

/** As a node's input is written. */
export function tensorName({ node, output }: Edge, nameOf: (name: string) => string): string {
  return output === 0 ? nameOf(node) : `${nameOf(node)}:${output}`;
}

/** A tensor of a signature. */
export function tensorInfo(graph: Graph, edge: Edge, nameOf: (name: string) => string): object {
  const { dtype, shape } = graph.info(edge);
  return {
    name: `${nameOf(edge.node)}:${edge.output}`,
    dtype: typeName(dtype),
    tensorShape: shapeJson(shape),
  };
}

function attributesOf({ attributes, value }: GraphNode): Record<string, object> {
  if (value !== undefined) {
    const dtype = typeName(DT[value.dtype]);
    return { dtype: { type: dtype }, value: { tensor: { dtype, tensorShape: shapeJson(value.shape) } } };
  }
  return Object.fromEntries(Object.entries(attributes).map(([name, each]) => [name, attributeJson(each)]));
}

function attributeJson(attribute: Attribute): object {
  switch (attribute.kind) {
    case 'type':
      return { type: typeName(attribute.value) };
    case 'int':
      return { i: String(attribute.value) };
    case 'float':
      return { f: attribute.value };
    case 'bool':
      return { b: attribute.value };
    case 'string':
      return { s: Buffer.from(attribute.value).toString('base64') };
    case 'shape':
      return { shape: shapeJson(attribute.value) };
    case 'ints':
      return { list: { i: attribute.value.map(String) } };
    case 'floats':
      return { list: { f: attribute.value } };
    case 'bools':
      return { list: { b: attribute.value } };
  }
}

/** Sizes are 64-bit numbers, which JSON writes as text. */
export function shapeJson(shape: readonly number[]): object {
  return { dim: shape.map((size) => ({ size: String(size) })) };
}

const TYPE_NAMES = new Map<number, string>([
  [DT.float32, 'DT_FLOAT'],
  [DT.int32, 'DT_INT32'],
  [DT.string, 'DT_STRING'],
  [DT.complex64, 'DT_COMPLEX64'],
  [DT.int64, 'DT_INT64'],
  [DT.bool, 'DT_BOOL'],
]);

function typeName(type: number): string {
  const name = TYPE_NAMES.get(type);
  if (name !== undefined) return name;
  throw new ZooError('DATA', 'A type of the graph can not be written for TensorFlow.js', {
    expected: [...TYPE_NAMES.values()].join(', '),
    found: `type ${type}`,
  });
}
