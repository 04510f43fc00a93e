/** Inputs and outputs of a graph, by the names of their nodes. */
import * as z from 'zod';
import { malformed } from '../../registry/describe/description.js';
import type { Shape, TensorSpec } from '../network.js';
import { dataType, type GraphDefinition, type GraphNode, nodeName, readShape } from './graph-definition.js';

const tensorSchema = z.looseObject({
  name: z.string().min(1).optional(),
  dtype: z.unknown().optional(),
  tensorShape: z.unknown().optional(),
  resourceId: z.unknown().optional(),
});
const tensorsSchema = z.record(z.string(), tensorSchema).nullish();
const signatureSchema = z.looseObject({ inputs: tensorsSchema, outputs: tensorsSchema }).nullish();

/** The shape is left out where the file does not say even the rank. */
export type GraphTensor = Omit<TensorSpec, 'shape'> & { readonly shape: Shape | undefined };

export interface Signature {
  readonly inputs: readonly GraphTensor[];
  readonly outputs: readonly GraphTensor[];
  /** Other names of inputs, as the signature has them, and the names of their nodes. */
  readonly aliases: ReadonlyMap<string, string>;
}

/**
 * Where a file has no signature, as those of old converters, inputs are the placeholders and outputs the nodes that
 * no other node reads.
 * @param shapeOf output shape of a node as far as the file tells.
 * @throws ZooError `INTEGRITY` for a signature that names nodes that are not there.
 */
export function readSignature(
  graph: GraphDefinition,
  signature: unknown,
  shapeOf: (node: GraphNode) => Shape | undefined,
  path: string,
): Signature {
  const read = signatureSchema.safeParse(signature);
  if (!read.success) throw malformed(path, 'its signature is not described');
  const aliases = new Map<string, string>();
  const tensorOf = (key: string, tensor: z.infer<typeof tensorSchema>): GraphTensor => {
    const stored = tensor.name ?? key;
    const name = nodeName(stored);
    const node = graph.nodes.get(name);
    if (node === undefined)
      throw malformed(path, 'its signature names a node that is not there', undefined, name);
    aliases.set(key, name);
    return {
      name: /:[1-9]\d*$/.test(stored) ? stored : name,
      shape: (tensor.tensorShape === undefined ? undefined : readShape(tensor.tensorShape)) ?? shapeOf(node),
      dtype: dataType(tensor.dtype) ?? typeOf(node),
    };
  };
  const signed = Object.entries(read.data?.inputs ?? {}).filter(
    ([, tensor]) => tensor.resourceId === undefined,
  );
  const inputs =
    signed.length > 0
      ? signed.map(([key, tensor]) => tensorOf(key, tensor))
      : [...graph.nodes.values()].filter(isInput).map((node) => plainSpec(node, shapeOf(node)));
  const named = Object.entries(read.data?.outputs ?? {});
  const outputs =
    named.length > 0
      ? named.map(([key, tensor]) => tensorOf(key, tensor))
      : unread(graph).map((node) => plainSpec(node, shapeOf(node)));
  const own = new Set(graph.nodes.keys());
  const inputNames = new Set(inputs.map(({ name }) => name));
  const others = [...aliases].filter(([key, name]) => !own.has(key) && inputNames.has(name));
  return { inputs, outputs, aliases: new Map(others) };
}

/** Tables are placeholders too; TensorFlow.js fills them. */
export function isInput(node: GraphNode): boolean {
  return node.op === 'Placeholder' && attributeType(node, 'dtype') !== 'DT_RESOURCE';
}

function plainSpec(node: GraphNode, shape: Shape | undefined): GraphTensor {
  return { name: node.name, shape, dtype: typeOf(node) };
}

function unread(graph: GraphDefinition): GraphNode[] {
  const readNames = new Set([...graph.nodes.values()].flatMap((node) => node.inputs));
  return [...graph.nodes.values()].filter(
    (node) =>
      !readNames.has(node.name) &&
      node.op !== 'Const' &&
      node.op !== 'NoOp' &&
      !node.op.startsWith('Placeholder'),
  );
}

function attributeType(node: GraphNode, name: string): unknown {
  const attribute = node.attributes[name];
  return typeof attribute === 'object' && attribute !== null && 'type' in attribute
    ? attribute.type
    : undefined;
}

/** What a node gives, by its attributes; float32 where they don't say it. */
function typeOf(node: GraphNode): TensorSpec['dtype'] {
  for (const name of ['DstT', 'dtype', 'output_type', 'T', 'Tparams']) {
    const type = dataType(attributeType(node, name));
    if (type !== undefined) return type;
  }
  return 'float32';
}

/** As a network tells it: `[]` where not even the rank is known. */
export function specOf({ name, shape, dtype }: GraphTensor): TensorSpec {
  return { name, shape: shape ?? [], dtype };
}
