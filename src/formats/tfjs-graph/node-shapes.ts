/**
 * Output shapes of the nodes of a graph. A converted graph does not say them, so they are found in this order: by
 * running the network on zeros with one example and with two (a size that differs belongs to the batch, or to what
 * the data decide), by what an operation does to the shape of its input, and by the card.
 */
import type { Card } from '../../registry/card.js';
import { type NamedTensorMap, type Tensor, tf } from '../../runtime/tensorflow.js';
import type { Shape } from '../network.js';
import { type GraphDefinition, type GraphNode, readShape } from './graph-definition.js';
import { givesTensor } from './reach.js';
import type { GraphTensor } from './signature.js';

/** Numbers in an input with two examples; a network that needs more is not run only to see its shapes. */
const MAX_PROBE = 2 ** 21;

/** For networks that read texts: an empty one would have nothing in it to see. */
const PROBE_TEXT = 'one short sentence';

/** Operations that give what their first input has. */
const KEEP_SHAPE =
  /^(Identity|StopGradient|BiasAdd|Relu6?|LeakyRelu|Elu|Selu|Softplus|Tanh|Sigmoid|Softmax|LogSoftmax|Exp|Log|Rsqrt|Sqrt|Square|Neg|Abs|Erf|Prelu|FusedBatchNorm.*|Cast|ZerosLike|OnesLike)$/;

/** What the file itself says of a node. */
export function storedShape(node: GraphNode): Shape | undefined {
  for (const [name, inside] of [
    ['_output_shapes', 'list'],
    ['shape', 'shape'],
  ] as const) {
    const attribute = node.attributes[name];
    if (typeof attribute !== 'object' || attribute === null || !(inside in attribute)) continue;
    const value: unknown = Reflect.get(attribute, inside);
    if (name === 'shape') {
      // The shape attribute of other operations is not their output's.
      if (node.op.startsWith('Placeholder')) return readShape(value);
      continue;
    }
    const shapes: unknown =
      typeof value === 'object' && value !== null ? Reflect.get(value, 'shape') : undefined;
    if (Array.isArray(shapes) && shapes[0] !== undefined) return readShape(shapes[0]);
  }
  return undefined;
}

/** Inputs of a network with one example and with two, as far as the sizes of one example are known. */
export function probeInputs(inputs: readonly GraphTensor[], card: Card): (() => NamedTensorMap)[] {
  const sizes = inputs.map((input) => fillFromCard(input, inputs.length === 1 ? card : undefined));
  const unknown = sizes.some((shape) => shape === undefined || shape.slice(1).includes(null));
  if (unknown || sizes.some((shape) => elements(shape ?? []) * 2 > MAX_PROBE)) return [];
  return [1, 2].map((batch) => () => {
    const tensors = inputs.map(({ name, dtype }, index) => {
      const shape = (sizes[index] ?? []).map((size) => size ?? batch);
      return [name, probeValue(shape, dtype)] as const;
    });
    return Object.fromEntries(tensors);
  });
}

/** Zeros; whole numbers count the examples, so that places in a sparse matrix differ. */
function probeValue(shape: number[], dtype: GraphTensor['dtype']): Tensor {
  if (dtype === 'string') return tf.fill(shape, PROBE_TEXT, 'string');
  if (dtype !== 'int32' || shape.length === 0) return tf.zeros(shape, dtype);
  const row = elements(shape.slice(1));
  const values = Int32Array.from({ length: elements(shape) }, (_, index) => Math.floor(index / row));
  return tf.tensor(values, shape, 'int32');
}

/** From the shapes with one example and with two: a size that differs is any size. */
export function commonShapes(
  names: readonly string[],
  one: readonly (readonly number[] | undefined)[],
  two: readonly (readonly number[] | undefined)[],
): Map<string, Shape> {
  const found = new Map<string, Shape>();
  for (const [index, name] of names.entries()) {
    const [first, second] = [one[index], two[index]];
    if (first === undefined || second === undefined || first.length !== second.length) continue;
    found.set(
      name,
      first.map((size, axis) => (size === second[axis] ? size : null)),
    );
  }
  return found;
}

/** Sizes that the network leaves open and the card says. */
function fillFromCard({ shape }: GraphTensor, card: Card | undefined): Shape | undefined {
  const said = card?.input?.shape;
  if (shape === undefined) return said;
  if (said === undefined || said.length !== shape.length) return shape;
  return shape.map((size, axis) => (axis === 0 ? size : (size ?? said[axis] ?? null)));
}

function elements(shape: Shape): number {
  return shape.reduce<number>((product, size) => product * (size ?? 1), 1);
}

/** Adds to `shapes` what follows from the shapes that are known, and what the card says of its cuts. */
export function inferShapes(
  graph: GraphDefinition,
  shapes: Map<string, Shape>,
  constants: ReadonlyMap<string, readonly number[]>,
  card: Card,
): void {
  for (const [name, shape] of cardShapes(card))
    if (!shapes.has(name) && graph.nodes.has(name)) shapes.set(name, shape);
  for (const node of graph.nodes.values()) {
    if (shapes.has(node.name) || !givesTensor(node)) continue;
    const shape = storedShape(node) ?? derivedShape(node, shapes, constants);
    if (shape !== undefined) shapes.set(node.name, shape);
  }
}

function derivedShape(
  node: GraphNode,
  shapes: ReadonlyMap<string, Shape>,
  constants: ReadonlyMap<string, readonly number[]>,
): Shape | undefined {
  const [first = '', second = ''] = node.inputs;
  if (KEEP_SHAPE.test(node.op)) return shapes.get(first);
  const kernel = constants.get(second);
  if (!/^(_Fused)?MatMul$/.test(node.op) || kernel?.length !== 2) return undefined;
  const transposed = node.attributes.transpose_b;
  const isTransposed =
    typeof transposed === 'object' && transposed !== null && Reflect.get(transposed, 'b') === true;
  return [shapes.get(first)?.[0] ?? null, kernel[isTransposed ? 0 : 1] ?? null];
}

function cardShapes({ features, output }: Card): [string, Shape][] {
  const entries: [string | undefined, Shape | undefined][] = [
    [features?.layer, features?.shape],
    [output?.layer, output?.units === undefined ? undefined : [null, output.units]],
    ...(features?.alternatives ?? []).map(({ layer, shape }): [string, Shape | undefined] => [layer, shape]),
    ...(output?.heads ?? []).map(({ node, shape }): [string | undefined, Shape | undefined] => [node, shape]),
  ];
  return entries.filter(
    (entry): entry is [string, Shape] => entry[0] !== undefined && entry[1] !== undefined,
  );
}
